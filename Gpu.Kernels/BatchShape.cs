namespace Gpu.Kernels;

/// <summary>The data set that batches are gathered from, and the batch.</summary>
/// <param name="Samples">samples in the data set</param>
/// <param name="Batch">samples in a batch</param>
/// <param name="Height">rows of a sample</param>
/// <param name="Width">columns of a sample</param>
/// <param name="Channels">channels of a sample; bytes lie as [samples, height, width, channels]</param>
public readonly record struct BatchShape(int Samples, int Batch, int Height, int Width, int Channels)
{
    /// <summary>Bytes of a sample, and floats of it in a batch.</summary>
    public int SampleLength => checked(Height * Width * Channels);

    /// <summary>Floats of a batch.</summary>
    public int BatchLength => checked(Batch * SampleLength);

    /// <summary>
    /// Words of device memory that the data set takes: its bytes, and 16 spare ones of any value at the end, because kernels read whole vectors.
    /// </summary>
    public int DataWords => checked((int)(((long)Samples * SampleLength + 3) / 4 + 4));

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Channels);
    }
}

/// <summary>
/// Random changes to each sample of a batch. They are a function of the seed, the pass (<see cref="StepStateLayout.Draw"/>) and the sample's number in the
/// data set: Philox 4x32-10 with the key (low word of the seed, high word) and the counter (sample, draw, 0, 0) gives four words. The sample is
/// mirrored when the highest bit of the first is set; the second and third, as numbers u in [0, 1), give the shifts floor(u (2 shift + 1)) - shift
/// down the rows and along the columns.
/// </summary>
/// <param name="Flip">whether half of the samples are mirrored left to right</param>
/// <param name="Shift">how far, in pixels, samples are moved at most up, down, left and right; pixels from outside are zero bytes, normalised</param>
/// <param name="Seed">the seed</param>
public readonly record struct Augmentation(bool Flip, int Shift, ulong Seed)
{
    /// <summary>Samples as they are.</summary>
    public static Augmentation None => default;

    /// <summary>True when nothing is changed.</summary>
    public bool IsNone => !Flip && Shift == 0;
}
