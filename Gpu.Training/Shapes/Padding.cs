namespace Gpu.Training.Shapes;

/// <summary>The ways to specify padding.</summary>
public enum PaddingKind
{
    /// <summary>The number of rows and columns on each side.</summary>
    Explicit,

    /// <summary>No padding.</summary>
    Valid,

    /// <summary>
    /// The padding for which the output size is ceil(input / stride). If the total is odd, the extra row or column is at the bottom or right, as in TensorFlow.
    /// </summary>
    Same,
}

/// <summary>Rows and columns of padding around an image.</summary>
public readonly record struct Padding
{
    /// <summary>Creates explicit padding, in pixels.</summary>
    public Padding(int top, int left, int bottom, int right)
    {
        (Kind, Top, Left, Bottom, Right) = (PaddingKind.Explicit, top, left, bottom, right);
    }

    private Padding(PaddingKind kind) => Kind = kind;

    /// <summary>No padding.</summary>
    public static Padding Valid => new(PaddingKind.Valid);

    /// <summary>Padding for an output size of ceil(input / stride); see <see cref="PaddingKind.Same"/>.</summary>
    public static Padding Same => new(PaddingKind.Same);

    /// <summary>How the padding is specified.</summary>
    public PaddingKind Kind { get; }

    /// <summary>Rows above the image; 0 unless explicit.</summary>
    public int Top { get; }

    /// <summary>Columns to the left; 0 unless explicit.</summary>
    public int Left { get; }

    /// <summary>Rows below; 0 unless explicit.</summary>
    public int Bottom { get; }

    /// <summary>Columns to the right; 0 unless explicit.</summary>
    public int Right { get; }

    /// <summary>Equal padding on all four sides.</summary>
    public static implicit operator Padding(int all) => new(all, all, all, all);

    /// <summary>Computes explicit padding for a window that slides over an image.</summary>
    /// <param name="height">height of the image, in pixels</param>
    /// <param name="width">width of the image, in pixels</param>
    /// <param name="window">size of the window including dilation: (size - 1) * dilation + 1</param>
    /// <param name="stride">stride of the window</param>
    public Padding Resolve(int height, int width, Extent window, Extent stride)
    {
        if (Kind == PaddingKind.Explicit) return this;
        if (Kind == PaddingKind.Valid) return 0;
        var rows = Total(height, window.Height, stride.Height);
        var columns = Total(width, window.Width, stride.Width);
        return new Padding(rows / 2, columns / 2, rows - rows / 2, columns - columns / 2);
    }

    /// <summary>As in model files: <c>same</c>, <c>valid</c>, <c>1</c>, or <c>[top, left, bottom, right]</c>.</summary>
    public override string ToString()
    {
        if (Kind != PaddingKind.Explicit) return Kind == PaddingKind.Same ? "same" : "valid";
        return Top == Left && Left == Bottom && Bottom == Right ? $"{Top}" : $"[{Top}, {Left}, {Bottom}, {Right}]";
    }

    private static int Total(int size, int window, int stride) =>
        (int)Math.Clamp((((long)size + stride - 1) / stride - 1) * stride + window - size, 0, int.MaxValue);
}
