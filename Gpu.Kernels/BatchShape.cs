namespace Gpu.Kernels;

/// <summary>The sizes of a data set and of the batches gathered from it. Samples are [height, width, channels].</summary>
/// <param name="Samples">samples in the data set</param>
/// <param name="Batch">samples in a batch</param>
/// <param name="Height">rows of a sample, in pixels</param>
/// <param name="Width">columns of a sample, in pixels</param>
/// <param name="Channels">channels of a sample</param>
public readonly record struct BatchShape(int Samples, int Batch, int Height, int Width, int Channels)
{
    /// <summary>
    /// 0 if the bytes of all samples are on the device, by sample index. Otherwise the device holds a window of this many samples, in the order in which they
    /// are used: the sample at position p of the order is at index p mod Window.
    /// </summary>
    public int Window { get; init; }

    /// <summary>Values in a sample: bytes in the data set, floats in a batch.</summary>
    public int SampleLength => ShapeLimits.Length("a sample", Height, Width, Channels);

    /// <summary>Words of a batch, one float each.</summary>
    public int BatchLength => ShapeLimits.Length("a batch", Batch, SampleLength);

    /// <summary>
    /// Words of device memory for the data set or its window: its bytes, and at least 16 unused bytes at the end, because kernels read whole vectors.
    /// </summary>
    public int DataWords => ShapeLimits.Length("the data on the device", ((long)(Window > 0 ? Window : Samples) * SampleLength + 3) / 4 + 4);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Channels);
        ArgumentOutOfRangeException.ThrowIfNegative(Window);
    }
}

/// <summary>
/// Random flips and shifts of each sample in a batch. They are a function of the seed, <see cref="StepStateLayout.Draw"/> and the index of the sample in the
/// data set: Philox 4x32-10 with the key (low word of the seed, high word) and the counter (sample, draw, 0, 0) gives four words. The sample is flipped if
/// the highest bit of the first word is set. The second and third word, as numbers u in [0, 1), give the shifts floor(u (2 shift + 1)) - shift of rows and
/// columns.
/// </summary>
/// <param name="Flip">flips half of the samples left to right</param>
/// <param name="Shift">the largest shift up, down, left and right, in pixels; pixels from outside the image are normalized zero bytes</param>
/// <param name="Seed">the seed</param>
public readonly record struct Augmentation(bool Flip, int Shift, ulong Seed)
{
    /// <summary>No changes.</summary>
    public static Augmentation None => default;

    /// <summary>True if samples are not changed.</summary>
    public bool IsNone => !Flip && Shift == 0;
}
