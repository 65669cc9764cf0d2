namespace Gpu.Kernels;

/// <summary>
/// The largest sizes that shapes accept, and the product that every tensor length is computed with. Kernels index with 32-bit integers. Within these limits no
/// index, and no sum of an index and a vector width, exceeds 2^31 - 1.
/// </summary>
public static class ShapeLimits
{
    /// <summary>The largest batch, height, width, number of channels or number of features.</summary>
    public const int MaxDimension = 1 << 28;

    /// <summary>The largest kernel, stride, padding, dilation and upsampling factor, in pixels.</summary>
    public const int MaxWindow = 1 << 15;

    /// <summary>The most elements of one tensor or workspace: 2^31 - 2^16.</summary>
    public const int MaxLength = int.MaxValue - ushort.MaxValue;

    /// <summary>The product of sizes: the elements of a tensor.</summary>
    /// <param name="what">the tensor, for the message, such as "the input"</param>
    /// <param name="sizes">the sizes, none negative</param>
    /// <exception cref="ArgumentException">the product exceeds <see cref="MaxLength"/>, or a size is negative; the message names the tensor</exception>
    public static int Length(string what, params ReadOnlySpan<long> sizes)
    {
        var product = 1L;
        foreach (var size in sizes)
        {
            if (size < 0) throw new ArgumentException($"{what} cannot have the sizes {Text(sizes)}: none may be negative");
            if (size != 0 && product > MaxLength / size)
            {
                throw new ArgumentException(
                    $"{what} would have {Text(sizes)} elements, but a tensor can have at most {MaxLength:N0}. Use a smaller batch or smaller sizes");
            }

            product *= size;
        }

        return (int)product;
    }

    /// <summary>Checks that a size is in a range, and returns it.</summary>
    /// <param name="what">the size, for the message, such as "input height"</param>
    /// <param name="value">the size</param>
    /// <param name="least">the minimum, inclusive</param>
    /// <param name="most">the maximum, inclusive</param>
    /// <exception cref="ArgumentException">the size is outside the range; the message names it and the range</exception>
    internal static long Require(string what, long value, int least, int most) =>
        value >= least && value <= most ? value : throw new ArgumentException($"{what} must be {least} to {most:N0}, but is {value}");

    /// <summary>Checks batch, height, width, channels or features: 1 to <see cref="MaxDimension"/>.</summary>
    /// <exception cref="ArgumentException">the size is outside the range</exception>
    internal static void RequireDimension(string what, int value) => Require(what, value, 1, MaxDimension);

    /// <summary>Checks the length of a workspace, which is computed in 64 bits, and returns it.</summary>
    /// <exception cref="ArgumentException">it exceeds <see cref="MaxLength"/></exception>
    internal static int Workspace(long words) => Length("the workspace", words);

    private static string Text(ReadOnlySpan<long> sizes) => string.Join(" x ", sizes.ToArray());
}
