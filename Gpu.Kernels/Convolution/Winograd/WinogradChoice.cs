using Gpu.Kernels.Launching;

namespace Gpu.Kernels.Convolution;

/// <summary>Decides where <see cref="WinogradOperation{TActivation}"/> takes the place of the direct sum: on the CPU, from a few tiles on.</summary>
/// <remarks>
/// Measured on one core with 512-bit vectors, in GFLOP/s of the direct sum (forward; the gradient of the input is alike):
/// <code>
/// images, pixels, channels       direct  Winograd     images, pixels, channels       direct  Winograd
/// 128  32x32  64 to 64              205       520     128  32x32  16 to 16              110       230
/// 128  16x16  128 to 128            205       600     128  16x16  32 to 32              215       415
/// 128    8x8  256 to 256            200       710     128    8x8  64 to 64              220       640
/// 128  12x12  32 to 64              185       480     128    3x3  64 to 64              225       350
/// 8      8x8  256 to 256            215       370     8      8x8  64 to 64              230       385
/// 4      8x8  256 to 256            215       263     4      8x8  64 to 64              225       263
/// 1      8x8  256 to 256            170        85     128    2x2  64 to 64              228       164
/// </code>
/// The gradient of the weights: 215 and 454 for 128 images of 32x32 pixels, 64 to 64 channels; 168 and 289 for 16 to 16; 249 and 465 for 16x16, 32 to 32; 219 and 475 for
/// 8x8, 256 to 256.
/// Few tiles do not pay for the transformation of the weights, and tiles that lie mostly outside the output multiply in vain.
/// </remarks>
internal static class WinogradChoice
{
    // The widest vector: channels that fill whole vectors on every machine.
    private const int WidestVector = 16;

    private const int FewestTiles = 16;

    // The gradient of the weights transforms its sums back instead, once for each split.
    private const int FewestTilesOfGradient = 64;

    /// <summary>Whether the transforms fit the shape, and it does not forbid them.</summary>
    public static bool IsPossible(ConvolutionShape shape) =>
        shape.Algorithm != ConvolutionAlgorithm.Direct
        && shape is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Groups: 1 }
        && shape is { PaddingTop: <= 2, PaddingLeft: <= 2, PaddingBottom: <= 2, PaddingRight: <= 2 }
        && shape.InputChannels % WidestVector == 0 && shape.OutputChannels % WidestVector == 0;

    /// <summary>Whether a pass of the shape takes them.</summary>
    public static bool IsTaken(ConvolutionShape shape, bool backward, bool itemIsThread) => IsTaken(shape, backward, itemIsThread, FewestTiles);

    /// <summary>Whether the gradient of the weights takes them.</summary>
    public static bool TakesWeightGradient(ConvolutionShape shape, bool itemIsThread) => IsTaken(shape, backward: false, itemIsThread, FewestTilesOfGradient);

    private static bool IsTaken(ConvolutionShape shape, bool backward, bool itemIsThread, int fewestTiles)
    {
        if (!IsPossible(shape)) return false;
        if (shape.Algorithm == ConvolutionAlgorithm.Winograd) return true;
        if (itemIsThread) return false;
        var (height, width) = backward ? (shape.InputHeight, shape.InputWidth) : (shape.OutputHeight, shape.OutputWidth);
        const int extent = WinogradTransform.Outputs;
        var tiles = (long)Items.Covering(height, extent) * Items.Covering(width, extent);
        return tiles * shape.Batch >= fewestTiles && 2 * height * width >= tiles * extent * extent;
    }
}
