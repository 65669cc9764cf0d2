namespace Gpu.Training.Shapes;

/// <summary>A height and a width, in pixels: of a kernel, window, stride or dilation. An integer converts to a square.</summary>
/// <param name="Height">rows</param>
/// <param name="Width">columns</param>
public readonly record struct Extent(int Height, int Width)
{
    /// <summary>Equal height and width.</summary>
    public static implicit operator Extent(int side) => new(side, side);

    /// <summary>Height and width, such as <c>3x3</c>.</summary>
    public override string ToString() => $"{Height}x{Width}";
}
