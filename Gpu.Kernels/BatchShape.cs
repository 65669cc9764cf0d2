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
