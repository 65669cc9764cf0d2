namespace Gpu.Training.Images.Formats;

/// <summary>
/// Interpolates subsampled components and converts to RGB, with libjpeg's integer arithmetic ("fancy upsampling", jdsample.c and jdcolor.c), so that the
/// image is the one that other programs see. A sample of the image is 3/4 of the nearer sample of the component and 1/4 of the next.
/// </summary>
internal static class ChromaUpsampling
{
    /// <summary>Whether a component of this ratio is interpolated; of others, samples are repeated.</summary>
    public static bool Applies((int Across, int Down) ratio) => ratio is (2, 1) or (1, 2) or (2, 2);

    /// <summary>Replaces a component in which samples are repeated by the interpolated one.</summary>
    /// <param name="pixels">The components side by side, in pixels, row after row.</param>
    /// <param name="size">Rows and columns of the image, and its number of components.</param>
    /// <param name="component">Which.</param>
    /// <param name="ratio">Columns and rows of the image that a sample covers.</param>
    public static void Apply(byte[] pixels, (int Height, int Width, int Components) size, int component, (int Across, int Down) ratio)
    {
        var (across, down) = ratio;
        var (height, width, step) = size;
        var columns = (width + across - 1) / across;
        var rows = (height + down - 1) / down;
        if (!Applies(ratio) || (across == 2 && columns <= 2))
            return;

        // Rows are read before they are written over: those of the samples above, here and below.
        var (above, here, below, sums) = (new int[columns], new int[columns], new int[columns], new int[columns]);
        ReadRow(0, here);
        here.CopyTo(above, 0);
        for (var row = 0; row < rows; row++)
        {
            ReadRow(Math.Min(row + 1, rows - 1), below);
            for (var part = 0; part < down && (row * down) + part < height; part++)
            {
                // Sums are 4 times the samples where rows are interpolated, else once.
                var near = part == 0 ? above : below;
                for (var i = 0; i < columns; i++)
                    sums[i] = down == 2 ? (3 * here[i]) + near[i] : here[i];
                WriteRow((row * down) + part, part);
            }

            (above, here, below) = (here, below, above);
        }

        void ReadRow(int row, int[] samples)
        {
            var source = pixels.AsSpan((row * down * width * step) + component);
            for (var i = 0; i < columns; i++)
                samples[i] = source[i * across * step];
        }

        void WriteRow(int row, int part)
        {
            var target = pixels.AsSpan((row * width * step) + component);
            for (var x = 0; x < width; x++)
            {
                var i = x / across;
                target[step * x] = (byte)((across, down) switch
                {
                    (1, 2) => (sums[i] + 1 + part) >> 2,
                    (2, 1) => x % 2 == 0
                        ? i == 0 ? sums[i] : ((3 * sums[i]) + sums[i - 1] + 1) >> 2
                        : i == columns - 1 ? sums[i] : ((3 * sums[i]) + sums[i + 1] + 2) >> 2,
                    _ => x % 2 == 0
                        ? ((3 * sums[i]) + sums[Math.Max(i - 1, 0)] + 8) >> 4
                        : ((3 * sums[i]) + sums[Math.Min(i + 1, columns - 1)] + 7) >> 4,
                });
            }
        }
    }

    /// <summary>Converts Y, Cb, Cr to R, G, B in place (JFIF: ITU-R BT.601 in full range), in 16-bit fixed point.</summary>
    /// <param name="pixels">Pixels, of which these are the first three components.</param>
    /// <param name="step">Components of a pixel.</param>
    public static void ToRgb(Span<byte> pixels, int step)
    {
        const int Half = 1 << 15;
        for (; !pixels.IsEmpty; pixels = pixels[step..])
        {
            var (y, cb, cr) = (pixels[0], pixels[1] - 128, pixels[2] - 128);
            pixels[0] = Clamp(y + (((91_881 * cr) + Half) >> 16));
            pixels[1] = Clamp(y + (((-22_554 * cb) - (46_802 * cr) + Half) >> 16));
            pixels[2] = Clamp(y + (((116_130 * cb) + Half) >> 16));
        }
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
