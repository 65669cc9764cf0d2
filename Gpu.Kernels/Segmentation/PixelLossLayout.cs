using System.Runtime.CompilerServices;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Segmentation;

/// <summary>
/// The workspace of <see cref="PixelLoss"/>. For each part of an image: sums of probabilities [classes], the same over the pixels of each class [classes],
/// pixels of each class [classes], then the words <see cref="Count"/> and <see cref="Loss"/>. After the parts of an image its factors: see
/// <see cref="PixelLossFactors{TBackend,TVector}"/>. Both begin at a multiple of four words if the classes are one.
/// </summary>
internal static class PixelLossLayout
{
    /// <summary>Pixels of a part, unless there would be more than <see cref="MaxParts"/>.</summary>
    public const int LeastPixels = 64, MaxParts = 64;

    /// <summary>Words after the sums of a part: the number of pixels that count, and the sum of their losses.</summary>
    public const int Count = 0, Loss = 1;

    /// <summary>Words after the factors of the classes: 1 / pixels that count, and the Dice loss times its weight.</summary>
    public const int InverseCount = 0, DiceLoss = 1;

    private const int Scalars = 4;

    /// <summary>Words of a part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WordsPerPart(int classes) => 3 * classes + Scalars;

    /// <summary>Words of an image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WordsPerImage(int parts, int classes) => parts * WordsPerPart(classes) + 2 * classes + Scalars;
}

/// <summary>The division of the images of a batch into parts of pixels. An item is a part.</summary>
internal struct PixelGrid
{
    /// <summary>Pixels of an image; parts of an image; pixels of a part, of which the last may have fewer; classes.</summary>
    public int Pixels, Parts, PixelsPerPart, Classes;

    /// <summary>Division by <see cref="Parts"/>.</summary>
    public FastDivMod ByParts;

    /// <summary>The image of an item, and its pixels in the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int GetPart(int item, out int first, out int end)
    {
        var image = ByParts.Divide(item);
        var part = item - image * Parts;
        first = image * Pixels + part * PixelsPerPart;
        end = first + PixelsPerPart;
        var last = (image + 1) * Pixels;
        if (end > last) end = last;
        return image;
    }

    /// <summary>The first word of a part in the workspace.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int PartAt(int image, int part) =>
        image * PixelLossLayout.WordsPerImage(Parts, Classes) + part * PixelLossLayout.WordsPerPart(Classes);

    /// <summary>The first word of the factors of an image in the workspace.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int FactorsAt(int image) => PartAt(image, Parts);
}
