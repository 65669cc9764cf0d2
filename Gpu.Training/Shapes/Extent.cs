namespace Gpu.Training.Shapes;

/// <summary>A height and a width: of a kernel, a window, a stride. One number stands for a square.</summary>
/// <param name="Height">along the rows</param>
/// <param name="Width">along the columns</param>
public readonly record struct Extent(int Height, int Width)
{
    /// <summary>A square.</summary>
    public static implicit operator Extent(int side) => new(side, side);

    /// <summary><c>3x3</c>.</summary>
    public override string ToString() => $"{Height}x{Width}";
}
