namespace Gpu.Kernels;

/// <summary>
/// A shortcut without parameters between blocks of different size ("option A" of He, Zhang, Ren, Sun, "Deep residual learning for image recognition",
/// 2016): every stride-th row and column, and zero channels around those that there are.
/// </summary>
/// <param name="Batch">images</param>
/// <param name="Height">rows that go in</param>
/// <param name="Width">columns that go in</param>
/// <param name="InputChannels">channels that go in</param>
/// <param name="OutputChannels">channels that come out, as many or more; the new ones lie half before, half after (the odd one after)</param>
/// <param name="Stride">rows and columns from pixel to pixel taken</param>
public readonly record struct ShortcutShape(int Batch, int Height, int Width, int InputChannels, int OutputChannels, int Stride)
{
    /// <summary>Rows that come out.</summary>
    public int OutputHeight => (Height - 1) / Stride + 1;

    /// <summary>Columns that come out.</summary>
    public int OutputWidth => (Width - 1) / Stride + 1;

    /// <summary>Words that go in.</summary>
    public int InputLength => checked(Batch * Height * Width * InputChannels);

    /// <summary>Words that come out.</summary>
    public int OutputLength => checked(Batch * OutputHeight * OutputWidth * OutputChannels);

    /// <summary>Zero channels before those of the input.</summary>
    public int ChannelsBefore => (OutputChannels - InputChannels) / 2;

    /// <summary>True when what comes out is what went in.</summary>
    public bool IsIdentity => Stride == 1 && InputChannels == OutputChannels;

    /// <summary>Checks that the sizes make sense.</summary>
    /// <exception cref="ArgumentException">they do not</exception>
    public ShortcutShape Validate()
    {
        if (Batch < 1 || Height < 1 || Width < 1 || InputChannels < 1 || Stride < 1)
            throw new ArgumentException($"every size of {this} must be 1 or more", "shape");
        if (OutputChannels < InputChannels)
            throw new ArgumentException($"a shortcut cannot go from {InputChannels} channels to {OutputChannels}: it can only add zero channels", "shape");
        if ((double)Batch * Height * Width * OutputChannels > int.MaxValue)
            throw new ArgumentException($"{this} may have more than {int.MaxValue:N0} values; make the batch smaller", "shape");
        return this;
    }

    // The power of two that divides all channel counts along the vector axis: every vector index is a multiple of it.
    internal int Granularity
    {
        get
        {
            var bits = InputChannels | OutputChannels | ChannelsBefore;
            return bits & -bits;
        }
    }
}
