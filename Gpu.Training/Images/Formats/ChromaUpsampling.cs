using System.Numerics;
using System.Runtime.InteropServices;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Interpolates subsampled components and converts to RGB, with libjpeg's integer arithmetic ("fancy upsampling", jdsample.c and jdcolor.c), so that the
/// image is the one that other programs see. A sample of the image is 3/4 of the nearer sample of the component and 1/4 of the next.
/// </summary>
internal static class ChromaUpsampling
{
    // 16-bit fixed point.
    private const int Half = 1 << 15;

    /// <summary>Whether a component of this ratio is interpolated; of others, samples are repeated.</summary>
    public static bool Applies((int Across, int Down) ratio) => ratio is (2, 1) or (1, 2) or (2, 2);

    /// <summary>
    /// Interpolates the chroma of an image of three components and converts it to RGB, in place; the same as <see cref="Apply"/> of both components and
    /// <see cref="ToRgb(Span{byte}, int)"/>, in one pass.
    /// </summary>
    /// <param name="pixels">Y, Cb and Cr side by side, in pixels, row after row, in which samples are repeated.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="ratio">Columns and rows of the image that a sample of Cb and of Cr covers; one that applies.</param>
    public static void ApplyToRgb(byte[] pixels, int height, int width, (int Across, int Down) ratio)
    {
        var blue = new ComponentRows(pixels, (height, width, 3), 1, ratio);
        var red = new ComponentRows(pixels, (height, width, 3), 2, ratio);
        int[] y = new int[width], cb = new int[blue.Width], cr = new int[red.Width];
        for (var row = 0; row < height; row++)
        {
            blue.Next(cb);
            red.Next(cr);
            var line = MemoryMarshal.Cast<byte, Triple>(pixels.AsSpan(row * width * 3, width * 3))[..y.Length];
            for (var i = 0; i < line.Length; i++)
                y[i] = line[i].First;
            ToRgb(y, cb, cr);
            Span<int> blues = cb.AsSpan(0, line.Length), reds = cr.AsSpan(0, line.Length);
            for (var i = 0; i < line.Length; i++)
                line[i] = new Triple((byte)reds[i], (byte)y[i], (byte)blues[i]);
        }
    }

    /// <summary>Replaces a component in which samples are repeated by the interpolated one.</summary>
    /// <param name="pixels">The components side by side, in pixels, row after row.</param>
    /// <param name="size">Rows and columns of the image, and its number of components.</param>
    /// <param name="component">Which.</param>
    /// <param name="ratio">Columns and rows of the image that a sample covers.</param>
    public static void Apply(byte[] pixels, (int Height, int Width, int Components) size, int component, (int Across, int Down) ratio)
    {
        if (!Applies(ratio))
            return;
        var rows = new ComponentRows(pixels, size, component, ratio);
        var samples = new int[rows.Width];
        for (var row = 0; row < size.Height; row++)
        {
            rows.Next(samples);
            var line = pixels.AsSpan((row * size.Width * size.Components) + component);
            for (int i = 0, at = 0; i < size.Width; i++, at += size.Components)
                line[at] = (byte)samples[i];
        }
    }

    /// <summary>Converts Y, Cb, Cr to R, G, B in place (JFIF: ITU-R BT.601 in full range), in 16-bit fixed point.</summary>
    /// <param name="pixels">Pixels, of which these are the first three components.</param>
    /// <param name="step">Components of a pixel.</param>
    public static void ToRgb(Span<byte> pixels, int step)
    {
        for (; !pixels.IsEmpty; pixels = pixels[step..])
        {
            var (y, cb, cr) = (pixels[0], pixels[1] - 128, pixels[2] - 128);
            pixels[0] = Clamp(y + (((91_881 * cr) + Half) >> 16));
            pixels[1] = Clamp(y + (((-22_554 * cb) - (46_802 * cr) + Half) >> 16));
            pixels[2] = Clamp(y + (((116_130 * cb) + Half) >> 16));
        }
    }

    // Of a row: green replaces Y, blue Cb, and red Cr. The last two may be longer.
    private static void ToRgb(Span<int> y, Span<int> cb, Span<int> cr)
    {
        var i = 0;
        for (; i <= y.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            var (luma, blue, red) = (new Vector<int>(y[i..]), new Vector<int>(cb[i..]) - new Vector<int>(128), new Vector<int>(cr[i..]) - new Vector<int>(128));
            var half = new Vector<int>(Half);
            Clamp(luma + (((91_881 * red) + half) >> 16)).CopyTo(cr[i..]);
            Clamp(luma + (((-22_554 * blue) - (46_802 * red) + half) >> 16)).CopyTo(y[i..]);
            Clamp(luma + (((116_130 * blue) + half) >> 16)).CopyTo(cb[i..]);
        }

        for (; i < y.Length; i++)
        {
            var (luma, blue, red) = (y[i], cb[i] - 128, cr[i] - 128);
            cr[i] = Clamp(luma + (((91_881 * red) + Half) >> 16));
            y[i] = Clamp(luma + (((-22_554 * blue) - (46_802 * red) + Half) >> 16));
            cb[i] = Clamp(luma + (((116_130 * blue) + Half) >> 16));
        }
    }

    // A pixel.
    private readonly record struct Triple(byte First, byte Second, byte Third);

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);

    private static Vector<int> Clamp(Vector<int> value) => Vector.Min(Vector.Max(value, Vector<int>.Zero), new Vector<int>(255));

    /// <summary>
    /// The rows of a component, one after the other, interpolated. Rows of samples are read ahead, so that the caller may write over the rows that it got.
    /// </summary>
    private sealed class ComponentRows
    {
        private readonly byte[] _pixels;
        private readonly int _width;
        private readonly int _step;
        private readonly int _component;
        private readonly int _across;
        private readonly int _down;
        private readonly int _rows;
        private int _row;

        // The samples of the rows above, here and below. Sums have a column more on either side.
        private int[] _above;
        private int[] _here;
        private int[] _below;
        private readonly int[] _sums;

        // Of one or two columns of samples, the one is repeated.
        private readonly bool _isRepeated;

        public ComponentRows(byte[] pixels, (int Height, int Width, int Components) size, int component, (int Across, int Down) ratio)
        {
            (_pixels, _width, _step, _component) = (pixels, size.Width, size.Components, component);
            (_across, _down) = ratio;
            _rows = (size.Height + _down - 1) / _down;
            var columns = (_width + _across - 1) / _across;
            _isRepeated = _across == 2 && columns <= 2;
            if (_isRepeated)
                (_across, _down, _rows, columns) = (1, 1, size.Height, _width);
            (_above, _here, _below, _sums) = (new int[columns], new int[columns], new int[columns], new int[columns + 2]);
            Read(0, _here);
            _here.CopyTo(_above, 0);
        }

        /// <summary>Length of the rows: that of the image, or one more.</summary>
        public int Width => _here.Length * _across;

        /// <summary>The next row.</summary>
        public void Next(Span<int> target)
        {
            var part = _row % _down;
            if (part == 0)
            {
                if (_row > 0)
                    (_above, _here, _below) = (_here, _below, _above);
                Read(Math.Min((_row / _down) + 1, _rows - 1), _below);
            }

            _row++;
            if (_isRepeated)
            {
                _here.CopyTo(target);
                return;
            }

            SumRows(_here, part == 0 ? _above : _below);
            if (_across == 2)
                Interpolate(target);
            else
                Round(target, 1 + part);
        }

        private void Read(int row, int[] samples)
        {
            var source = _pixels.AsSpan((row * _down * _width * _step) + _component);
            var stride = _across * _step;
            for (int i = 0, at = 0; i < samples.Length; i++, at += stride)
                samples[i] = source[at];
        }

        // 4 times the samples where rows are interpolated, else once.
        private void SumRows(int[] near, int[] far)
        {
            var sums = _sums.AsSpan(1, near.Length);
            if (_down == 2)
            {
                var i = 0;
                for (; i <= near.Length - Vector<int>.Count; i += Vector<int>.Count)
                    ((3 * new Vector<int>(near, i)) + new Vector<int>(far, i)).CopyTo(sums[i..]);
                for (; i < near.Length; i++)
                    sums[i] = (3 * near[i]) + far[i];
            }
            else
            {
                near.CopyTo(sums);
            }

            (_sums[0], _sums[^1]) = (_sums[1], _sums[^2]);
        }

        private void Interpolate(Span<int> target)
        {
            var (shift, roundEven, roundOdd) = _down == 2 ? (4, 8, 7) : (2, 1, 2);
            var pairs = MemoryMarshal.Cast<int, Pair>(target)[..(_sums.Length - 2)];
            ReadOnlySpan<int> before = _sums.AsSpan(0, pairs.Length), here = _sums.AsSpan(1, pairs.Length), behind = _sums.AsSpan(2, pairs.Length);
            for (var i = 0; i < pairs.Length; i++)
            {
                var sum = 3 * here[i];
                pairs[i] = new Pair((sum + before[i] + roundEven) >> shift, (sum + behind[i] + roundOdd) >> shift);
            }
        }

        private readonly record struct Pair(int Even, int Odd);

        private void Round(Span<int> target, int rounding)
        {
            for (var i = 0; i < _here.Length; i++)
                target[i] = (_sums[i + 1] + rounding) >> 2;
        }
    }
}
