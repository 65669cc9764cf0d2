using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Convolution;

/// <summary>Decides where <see cref="WinogradConv2dLaunch{TActivation}"/> takes the place of the direct sum: on the CPU, from a few tiles on.</summary>
/// <remarks>
/// Measured on one core with 512-bit vectors, in GFLOP/s of the direct sum, direct and by Winograd (the gradient of the input is like the forward pass):
/// <code>
/// images, pixels, channels          forward     gradient of the weights
/// 128  32x32  64 to 64             231   599    212   494
/// 128  16x16  128 to 128           234   639    215   485
/// 128    8x8  256 to 256           218   703    176   483
/// 128  32x32  16 to 16             213   325    230   340
/// 128  16x16  32 to 32             235   577    218   409
/// 128    8x8  64 to 64             244   667    228   359
/// 128  12x12  32 to 64, unpadded   222   596    187   314
/// 128    7x7  16 to 16             208   276    202   212
/// 128    3x3  64 to 64, unpadded   224   327    146   220
/// 128    2x2  64 to 64             336   157    197   101
/// 8      8x8  256 to 256           220   322    213   285
/// 4      8x8  256 to 256           198   232    194   189
/// 1      8x8  256 to 256           122    78    119    71
/// </code>
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
    public static bool IsPossible(Conv2dShape shape) =>
        shape.Algorithm != Conv2dAlgorithm.Direct
        && shape is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Groups: 1 }
        && shape is { PaddingTop: <= 2, PaddingLeft: <= 2, PaddingBottom: <= 2, PaddingRight: <= 2 }
        && shape.InputChannels % WidestVector == 0 && shape.OutputChannels % WidestVector == 0;

    /// <summary>Whether a pass of the shape takes them.</summary>
    public static bool IsTaken(Conv2dShape shape, bool backward, bool isGpu) => IsTaken(shape, backward, isGpu, FewestTiles);

    /// <summary>Whether the gradient of the weights takes them.</summary>
    public static bool TakesWeightGradient(Conv2dShape shape, bool isGpu) => IsTaken(shape, backward: false, isGpu, FewestTilesOfGradient);

    private static bool IsTaken(Conv2dShape shape, bool backward, bool isGpu, int fewestTiles)
    {
        if (!IsPossible(shape)) return false;
        if (shape.Algorithm == Conv2dAlgorithm.Winograd) return true;
        if (isGpu) return false;
        var (height, width) = backward ? (shape.InputHeight, shape.InputWidth) : (shape.OutputHeight, shape.OutputWidth);
        const int extent = WinogradTransform.Outputs;
        var tiles = (long)Items.Covering(height, extent) * Items.Covering(width, extent);
        return tiles * shape.Batch >= fewestTiles && 2 * height * width >= tiles * extent * extent;
    }
}
