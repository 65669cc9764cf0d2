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

        // Rows are read before they are written over: those of the samples above, here and below. Sums have a column more on either side.
        var (above, here, below, sums) = (new int[columns], new int[columns], new int[columns], new int[columns + 2]);
        ReadRow(0, here);
        here.CopyTo(above, 0);
        for (var row = 0; row < rows; row++)
        {
            ReadRow(Math.Min(row + 1, rows - 1), below);
            for (var part = 0; part < down && (row * down) + part < height; part++)
            {
                SumRows(here, part == 0 ? above : below);
                if (across == 2)
                    WriteRow((row * down) + part);
                else
                    CopyRow((row * down) + part, rounding: 1 + part);
            }

            (above, here, below) = (here, below, above);
        }

        void ReadRow(int row, int[] samples)
        {
            var source = pixels.AsSpan((row * down * width * step) + component);
            for (var i = 0; i < samples.Length; i++)
                samples[i] = source[i * across * step];
        }

        // 4 times the samples where rows are interpolated, else once.
        void SumRows(int[] near, int[] far)
        {
            for (var i = 0; i < near.Length; i++)
                sums[i + 1] = down == 2 ? (3 * near[i]) + far[i] : near[i];
            (sums[0], sums[^1]) = (sums[1], sums[^2]);
        }

        void WriteRow(int row)
        {
            var (shift, roundEven, roundOdd) = down == 2 ? (4, 8, 7) : (2, 1, 2);
            var target = pixels.AsSpan(row * width * step, width * step);
            for (var (i, at) = (1, component); at < target.Length; i++, at += 2 * step)
            {
                var sum = 3 * sums[i];
                target[at] = (byte)((sum + sums[i - 1] + roundEven) >> shift);
                if (at + step < target.Length)
                    target[at + step] = (byte)((sum + sums[i + 1] + roundOdd) >> shift);
            }
        }

        void CopyRow(int row, int rounding)
        {
            var target = pixels.AsSpan((row * width * step) + component);
            for (var i = 0; i < columns; i++)
                target[i * step] = (byte)((sums[i + 1] + rounding) >> 2);
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
