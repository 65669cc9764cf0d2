using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Batches;

/// <summary>
/// The changes of one sample as <see cref="DrawTransforms{TBackend,TVector}"/> writes them, <see cref="AugmentationBuffers.WordsPerSample"/> words.
/// </summary>
internal struct SampleTransform
{
    /// <summary>First word of the affine map from an output pixel (x, y, 1) to the position in the input: the row of x, then that of y.</summary>
    public const int Matrix = 0;

    /// <summary>First word of the matrix that mixes three channels, with the gain; row by row.</summary>
    public const int Mixer = 6;

    /// <summary>Words of the color function: with other than three channels gain * x + offset, else the mixer's sum + offset.</summary>
    public const int Offset = 15, Gain = 16;

    /// <summary>Word of the level from which solarize inverts; word of the distance of the levels of posterize, 0 for none.</summary>
    public const int SolarizeThreshold = 17, PosterizeStep = 18;

    /// <summary>First words of rectangles, as integers top, left, bottom, right (exclusive): what is erased, and what is the partner's.</summary>
    public const int Erased = 19, Cut = 23;

    /// <summary>Word of the position of the partner in the batch, an integer; word of the weight of the own pixels.</summary>
    public const int Partner = 27, Weight = 28;

    /// <summary>Word of the index of the sample in the bytes, an integer; -1 for a missing one.</summary>
    public const int Source = 29;

    /// <summary>The weights of the channels in the gray value (ITU-R BT.601).</summary>
    public const float RedWeight = 0.299f, GreenWeight = 0.587f, BlueWeight = 0.114f;

    private float _xx, _xy, _x1, _yx, _yy, _y1;
    private float _rr, _rg, _rb, _gr, _gg, _gb, _br, _bg, _bb;
    private float _offset, _gain, _threshold, _step;
    private int _top, _left, _bottom, _right, _source;

    // The four neighbors of a position: their first bytes, and weights, 0 outside the image.
    private int _byte00, _byte01, _byte10, _byte11;
    private float _weight00, _weight01, _weight10, _weight11;

    /// <summary>Whether the pixel of the last <see cref="MoveTo"/> is erased.</summary>
    public bool IsErased;

    /// <summary>Loads the changes of a sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SampleTransform Load<TBackend, TVector>(TBackend transforms, int slot)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var at = slot * AugmentationBuffers.WordsPerSample;
        return new SampleTransform
        {
            _xx = TBackend.LoadScalar(transforms, at + Matrix),
            _xy = TBackend.LoadScalar(transforms, at + Matrix + 1),
            _x1 = TBackend.LoadScalar(transforms, at + Matrix + 2),
            _yx = TBackend.LoadScalar(transforms, at + Matrix + 3),
            _yy = TBackend.LoadScalar(transforms, at + Matrix + 4),
            _y1 = TBackend.LoadScalar(transforms, at + Matrix + 5),
            _rr = TBackend.LoadScalar(transforms, at + Mixer),
            _rg = TBackend.LoadScalar(transforms, at + Mixer + 1),
            _rb = TBackend.LoadScalar(transforms, at + Mixer + 2),
            _gr = TBackend.LoadScalar(transforms, at + Mixer + 3),
            _gg = TBackend.LoadScalar(transforms, at + Mixer + 4),
            _gb = TBackend.LoadScalar(transforms, at + Mixer + 5),
            _br = TBackend.LoadScalar(transforms, at + Mixer + 6),
            _bg = TBackend.LoadScalar(transforms, at + Mixer + 7),
            _bb = TBackend.LoadScalar(transforms, at + Mixer + 8),
            _offset = TBackend.LoadScalar(transforms, at + Offset),
            _gain = TBackend.LoadScalar(transforms, at + Gain),
            _threshold = TBackend.LoadScalar(transforms, at + SolarizeThreshold),
            _step = TBackend.LoadScalar(transforms, at + PosterizeStep),
            _top = TBackend.LoadInt(transforms, at + Erased),
            _left = TBackend.LoadInt(transforms, at + Erased + 1),
            _bottom = TBackend.LoadInt(transforms, at + Erased + 2),
            _right = TBackend.LoadInt(transforms, at + Erased + 3),
            _source = TBackend.LoadInt(transforms, at + Source),
        };
    }

    /// <summary>The index of the sample in the bytes; -1 for a missing one.</summary>
    public readonly int SourceIndex => _source;

    /// <summary>Whether an output pixel is erased.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Erases(int x, int y) => y >= _top && y < _bottom && x >= _left && x < _right;

    /// <summary>The input pixel that the position of an output pixel lies in; it may be outside the input.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly (int Row, int Column) Nearest(int x, int y, int width, int height)
    {
        var (fromX, fromY) = Position(x, y, width, height);
        return ((int)MathF.Floor(fromY + 0.5f), (int)MathF.Floor(fromX + 0.5f));
    }

    /// <summary>Finds the input pixels of an output pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MoveTo(int x, int y, int width, int height, int channels)
    {
        IsErased = Erases(x, y);
        var (fromX, fromY) = Position(x, y, width, height);
        float floorX = MathF.Floor(fromX), floorY = MathF.Floor(fromY);
        float partX = fromX - floorX, partY = fromY - floorY;
        int left = (int)floorX, top = (int)floorY;
        float inLeft = Inside(left, width), inRight = Inside(left + 1, width), inTop = Inside(top, height), inBottom = Inside(top + 1, height);
        var weightLeft = (1 - partX) * inLeft;
        var weightRight = partX * inRight;
        _weight00 = (1 - partY) * inTop * weightLeft;
        _weight01 = (1 - partY) * inTop * weightRight;
        _weight10 = partY * inBottom * weightLeft;
        _weight11 = partY * inBottom * weightRight;
        int column0 = Math.Min(Math.Max(left, 0), width - 1) * channels, column1 = Math.Min(Math.Max(left + 1, 0), width - 1) * channels;
        int row0 = Math.Min(Math.Max(top, 0), height - 1) * width * channels, row1 = Math.Min(Math.Max(top + 1, 0), height - 1) * width * channels;
        (_byte00, _byte01, _byte10, _byte11) = (row0 + column0, row0 + column1, row1 + column0, row1 + column1);
    }

    /// <summary>The byte of a channel at the pixel, from 0 to 255; interpolated if the map is not a flip and shift alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Read<TBackend, TVector>(TBackend bytes, int offset, bool isAffine)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var value = _weight00 * TBackend.LoadByte(bytes, offset + _byte00);
        if (isAffine)
        {
            value += _weight01 * TBackend.LoadByte(bytes, offset + _byte01);
            value += _weight10 * TBackend.LoadByte(bytes, offset + _byte10);
            value += _weight11 * TBackend.LoadByte(bytes, offset + _byte11);
        }

        return value;
    }

    /// <summary>Applies the color function to three channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void ChangeColors(ref float red, ref float green, ref float blue)
    {
        var newRed = _rr * red + _rg * green + _rb * blue + _offset;
        var newGreen = _gr * red + _gg * green + _gb * blue + _offset;
        var newBlue = _br * red + _bg * green + _bb * blue + _offset;
        red = Finish(newRed);
        green = Finish(newGreen);
        blue = Finish(newBlue);
    }

    /// <summary>Applies the color function to a channel of samples without three channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float ChangeColor(float value) => Finish(_gain * value + _offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Finish(float value)
    {
        value = Math.Min(Math.Max(value, 0), 255);
        value = value >= _threshold ? 255 - value : value;
        return _step > 0 ? MathF.Floor(value / _step) * _step : value;
    }

    // Beyond the border of zeros all positions are alike; a large one would not fit an integer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly (float X, float Y) Position(int x, int y, int width, int height)
    {
        var fromX = _xx * x + _xy * y + _x1;
        var fromY = _yx * x + _yy * y + _y1;
        return (Math.Min(Math.Max(fromX, -2f), width + 1f), Math.Min(Math.Max(fromY, -2f), height + 1f));
    }

    // 1 inside, 0 outside; computed, not chosen in a branch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Inside(int position, int size) => Math.Min(1, Math.Max(0, Math.Min(position + 1, size - position)));
}
