using System.Numerics;
using System.Runtime.CompilerServices;

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
        byte[] y = new byte[width], unused = new byte[width], cb = new byte[blue.Width], cr = new byte[red.Width];
        for (var row = 0; row < height; row++)
        {
            blue.Next(cb);
            red.Next(cr);
            var line = pixels.AsSpan(row * width * 3, width * 3);
            InterleavedPixels.Split(line, y, unused, unused);
            ToRgb(y, cb.AsSpan(0, width), cr.AsSpan(0, width));
            InterleavedPixels.Join(cr, y, cb, line);
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
        var samples = new byte[rows.Width];
        for (var row = 0; row < size.Height; row++)
        {
            rows.Next(samples);
            var line = pixels.AsSpan((row * size.Width * size.Components) + component);
            for (int i = 0, at = 0; i < size.Width; i++, at += size.Components)
                line[at] = samples[i];
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

    // Of the planes of a row: green replaces Y, blue Cb, and red Cr.
    private static void ToRgb(Span<byte> y, Span<byte> cb, Span<byte> cr)
    {
        var i = 0;
        for (; i <= y.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector.Widen(new Vector<byte>(y[i..]), out var luma1, out var luma2);
            Vector.Widen(new Vector<byte>(cb[i..]), out var blue1, out var blue2);
            Vector.Widen(new Vector<byte>(cr[i..]), out var red1, out var red2);
            ToRgb(ref luma1, ref blue1, ref red1);
            ToRgb(ref luma2, ref blue2, ref red2);
            Vector.Narrow(luma1, luma2).CopyTo(y[i..]);
            Vector.Narrow(blue1, blue2).CopyTo(cb[i..]);
            Vector.Narrow(red1, red2).CopyTo(cr[i..]);
        }

        for (; i < y.Length; i++)
        {
            var (luma, blue, red) = (y[i], cb[i] - 128, cr[i] - 128);
            cr[i] = Clamp(luma + (((91_881 * red) + Half) >> 16));
            y[i] = Clamp(luma + (((-22_554 * blue) - (46_802 * red) + Half) >> 16));
            cb[i] = Clamp(luma + (((116_130 * blue) + Half) >> 16));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ToRgb(ref Vector<ushort> y, ref Vector<ushort> cb, ref Vector<ushort> cr)
    {
        Vector.Widen(Vector.AsVectorInt16(y), out var luma1, out var luma2);
        Vector.Widen(Vector.AsVectorInt16(cb), out var blue1, out var blue2);
        Vector.Widen(Vector.AsVectorInt16(cr), out var red1, out var red2);
        ToRgb(ref luma1, ref blue1, ref red1);
        ToRgb(ref luma2, ref blue2, ref red2);
        y = Vector.AsVectorUInt16(Vector.Narrow(luma1, luma2));
        cb = Vector.AsVectorUInt16(Vector.Narrow(blue1, blue2));
        cr = Vector.AsVectorUInt16(Vector.Narrow(red1, red2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ToRgb(ref Vector<int> y, ref Vector<int> cb, ref Vector<int> cr)
    {
        var (luma, blue, red, half) = (y, cb - new Vector<int>(128), cr - new Vector<int>(128), new Vector<int>(Half));
        cr = Clamp(luma + (((91_881 * red) + half) >> 16));
        y = Clamp(luma + (((-22_554 * blue) - (46_802 * red) + half) >> 16));
        cb = Clamp(luma + (((116_130 * blue) + half) >> 16));
    }

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
        private ushort[] _above;
        private ushort[] _here;
        private ushort[] _below;
        private readonly ushort[] _sums;

        // The components of a row, if there are three.
        private readonly byte[][] _planes;

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
            (_above, _here, _below, _sums) = (new ushort[columns], new ushort[columns], new ushort[columns], new ushort[columns + 2]);
            // Of an odd width, the last sample covers a column that is not there.
            _planes = _step == 3 ? [new byte[columns * _across], new byte[columns * _across], new byte[columns * _across]] : [];
            Read(0, _here);
            _here.CopyTo(_above, 0);
        }

        /// <summary>Length of the rows: that of the image, or one more.</summary>
        public int Width => _here.Length * _across;

        /// <summary>The next row.</summary>
        public void Next(Span<byte> target)
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
                for (var i = 0; i < _here.Length; i++)
                    target[i] = (byte)_here[i];
                return;
            }

            SumRows(_here, part == 0 ? _above : _below);
            if (_across == 2)
                Interpolate(target);
            else
                Round(target, (ushort)(1 + part));
        }

        private void Read(int row, ushort[] samples)
        {
            var source = _pixels.AsSpan(row * _down * _width * _step, _width * _step);
            if (_step != 3)
            {
                for (int i = 0, at = _component; i < samples.Length; i++, at += _across * _step)
                    samples[i] = source[at];
                return;
            }

            InterleavedPixels.Split(source, _planes[0], _planes[1], _planes[2]);
            ReadOnlySpan<byte> plane = _planes[_component];
            var column = 0;
            if (_across == 2)
            {
                for (; column <= samples.Length - Vector<ushort>.Count && BitConverter.IsLittleEndian; column += Vector<ushort>.Count)
                    (Vector.AsVectorUInt16(new Vector<byte>(plane[(2 * column)..])) & new Vector<ushort>(0xFF)).CopyTo(samples, column);
            }

            for (; column < samples.Length; column++)
                samples[column] = plane[_across * column];
        }

        // 4 times the samples where rows are interpolated, else once.
        private void SumRows(ushort[] near, ushort[] far)
        {
            var sums = _sums.AsSpan(1, near.Length);
            if (_down == 2)
            {
                var i = 0;
                for (; i <= near.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
                    ((new Vector<ushort>(near, i) * 3) + new Vector<ushort>(far, i)).CopyTo(sums[i..]);
                for (; i < near.Length; i++)
                    sums[i] = (ushort)((3 * near[i]) + far[i]);
            }
            else
            {
                near.CopyTo(sums);
            }

            (_sums[0], _sums[^1]) = (_sums[1], _sums[^2]);
        }

        // Two columns for each sample.
        private void Interpolate(Span<byte> target)
        {
            var (shift, roundEven, roundOdd) = _down == 2 ? (4, (ushort)8, (ushort)7) : (2, (ushort)1, (ushort)2);
            var count = _here.Length;
            ReadOnlySpan<ushort> before = _sums.AsSpan(0, count), here = _sums.AsSpan(1, count), behind = _sums.AsSpan(2, count);
            var i = 0;
            for (; i <= count - Vector<ushort>.Count && BitConverter.IsLittleEndian; i += Vector<ushort>.Count)
            {
                var sum = new Vector<ushort>(here[i..]) * 3;
                var even = (sum + new Vector<ushort>(before[i..]) + new Vector<ushort>(roundEven)) >> shift;
                var odd = (sum + new Vector<ushort>(behind[i..]) + new Vector<ushort>(roundOdd)) >> shift;
                Vector.AsVectorByte(even | (odd << 8)).CopyTo(target[(2 * i)..]);
            }

            for (; i < count; i++)
            {
                var sum = 3 * here[i];
                target[2 * i] = (byte)((sum + before[i] + roundEven) >> shift);
                target[(2 * i) + 1] = (byte)((sum + behind[i] + roundOdd) >> shift);
            }
        }

        private void Round(Span<byte> target, ushort rounding)
        {
            for (var i = 0; i < _here.Length; i++)
                target[i] = (byte)((_sums[i + 1] + rounding) >> 2);
        }
    }
}
