namespace Gpu.Kernels;

/// <summary>What <see cref="Dropout"/> drops together.</summary>
public enum DropoutUnit
{
    /// <summary>Whole channels of a sample: spatial dropout (Tompson et al., "Efficient object localization using convolutional networks", 2015).</summary>
    Channel,

    /// <summary>Whole samples: with the body of a residual block, stochastic depth (Huang et al., "Deep networks with stochastic depth", 2016).</summary>
    Sample,
}

/// <summary>The sizes of a batch whose elements are dropped together, [batch, pixels, channels].</summary>
/// <param name="Batch">samples</param>
/// <param name="Pixels">pixels of a sample</param>
/// <param name="Channels">channels of a sample</param>
/// <param name="Unit">what is dropped together</param>
public readonly record struct DropoutShape(int Batch, int Pixels, int Channels, DropoutUnit Unit)
{
    /// <summary>Words of the batch.</summary>
    public int Length => ShapeLimits.Length("a batch", Batch, Pixels, Channels);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Channels);
    }
}
