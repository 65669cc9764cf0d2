namespace Gpu.Training.Shapes;

/// <summary>How padding is given.</summary>
public enum PaddingKind
{
    /// <summary>Rows and columns on each side.</summary>
    Explicit,

    /// <summary>None.</summary>
    Valid,

    /// <summary>
    /// As much as makes the output ceil(input / stride); where that is odd, the extra row or column is at the bottom and the right, as in TensorFlow.
    /// </summary>
    Same,
}

/// <summary>Rows and columns of zeros around an image.</summary>
public readonly record struct Padding
{
    /// <summary>Explicit padding.</summary>
    public Padding(int top, int left, int bottom, int right)
    {
        (Kind, Top, Left, Bottom, Right) = (PaddingKind.Explicit, top, left, bottom, right);
    }

    private Padding(PaddingKind kind) => Kind = kind;

    /// <summary>No padding.</summary>
    public static Padding Valid => new(PaddingKind.Valid);

    /// <summary>See <see cref="PaddingKind.Same"/>.</summary>
    public static Padding Same => new(PaddingKind.Same);

    /// <summary>How it is given.</summary>
    public PaddingKind Kind { get; }

    /// <summary>Rows above.</summary>
    public int Top { get; }

    /// <summary>Columns to the left.</summary>
    public int Left { get; }

    /// <summary>Rows below.</summary>
    public int Bottom { get; }

    /// <summary>Columns to the right.</summary>
    public int Right { get; }

    /// <summary>The same on all four sides.</summary>
    public static implicit operator Padding(int all) => new(all, all, all, all);

    /// <summary>The padding in numbers, for a window that slides over an image.</summary>
    /// <param name="height">rows of the image</param>
    /// <param name="width">columns of the image</param>
    /// <param name="span">rows and columns that the window reaches over, dilation included</param>
    /// <param name="stride">steps of the window</param>
    public Padding Resolve(int height, int width, Extent span, Extent stride)
    {
        if (Kind == PaddingKind.Explicit) return this;
        if (Kind == PaddingKind.Valid) return 0;
        var rows = Total(height, span.Height, stride.Height);
        var columns = Total(width, span.Width, stride.Width);
        return new Padding(rows / 2, columns / 2, rows - rows / 2, columns - columns / 2);
    }

    /// <summary><c>same</c>, <c>valid</c>, <c>1</c>, or <c>[top, left, bottom, right]</c>.</summary>
    public override string ToString()
    {
        if (Kind != PaddingKind.Explicit) return Kind == PaddingKind.Same ? "same" : "valid";
        return Top == Left && Left == Bottom && Bottom == Right ? $"{Top}" : $"[{Top}, {Left}, {Bottom}, {Right}]";
    }

    private static int Total(int extent, int span, int stride) => Math.Max(0, ((extent + stride - 1) / stride - 1) * stride + span - extent);
}
