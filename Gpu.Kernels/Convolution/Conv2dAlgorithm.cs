using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels;

/// <summary>How a pass of a convolution is computed. All algorithms give the same sums up to rounding.</summary>
public enum Conv2dAlgorithm
{
    /// <summary>The fastest one for the shape, the pass and the device.</summary>
    Auto,

    /// <summary>A direct sum, tap by tap, in register tiles. Every shape, every device.</summary>
    Direct,

    /// <summary>Winograd's F(4x4, 3x3): 36 products instead of 144. 3x3 kernels with stride 1, dilation 1, one group, channels in multiples of 16.</summary>
    Winograd,

    /// <summary>One packed matrix product. On the CPU, for 1x1 kernels with stride 1 and no padding, and dense layers.</summary>
    MatrixProduct,

    /// <summary>An implicit GEMM: tiles in the shared memory of a group of threads. GPUs and the simulator, one group.</summary>
    ImplicitGemm,

    /// <summary>An implicit GEMM on tensor cores, in TF32 or FP16. CUDA devices whose precision is not FP32.</summary>
    TensorCore,
}

/// <summary>The three products of a convolution.</summary>
internal enum Conv2dPass
{
    /// <summary>The output from input and weights.</summary>
    Forward,

    /// <summary>The gradient of the input from the output's gradient and the weights; also the forward pass of a transposed convolution.</summary>
    InputGradient,

    /// <summary>The gradient of the weights from the input and the output's gradient.</summary>
    WeightGradient,
}

/// <summary>What a device offers to a convolution.</summary>
/// <param name="IsGpu">whether each item is a thread of its own; see <see cref="IVectorBackend{TSelf,TVector}.IsGpu"/></param>
/// <param name="Groups">limits of groups of threads; null where there are none</param>
/// <param name="TensorCores">tensor cores; null where products are computed in 32 bits</param>
internal readonly record struct Conv2dDevice(bool IsGpu, GroupLimits? Groups, ITensorCoreLauncher? TensorCores);

/// <summary>The one place where a pass of a convolution or dense layer gets its algorithm.</summary>
/// <remarks>
/// On a GPU: tensor cores where they pay, else implicit GEMM where the device can run it, else the direct sum.
/// On the CPU: Winograd or one matrix product where they pay, else the direct sum.
///
/// Winograd against the direct sum on the CPU, measured on one core with 512-bit vectors, in GFLOP/s of the direct sum (the gradient of the input is like
/// the forward pass):
/// <code>
///                                  forward         weight gradient
/// images, pixels, channels         direct  Winograd   direct  Winograd
/// 128  32x32  64 to 64             231     599        212     494
/// 128  16x16  128 to 128           234     639        215     485
/// 128    8x8  256 to 256           218     703        176     483
/// 128  32x32  16 to 16             213     325        230     340
/// 128  16x16  32 to 32             235     577        218     409
/// 128    8x8  64 to 64             244     667        228     359
/// 128  12x12  32 to 64, unpadded   222     596        187     314
/// 128    7x7  16 to 16             208     276        202     212
/// 128    3x3  64 to 64, unpadded   224     327        146     220
/// 128    2x2  64 to 64             336     157        197     101
/// 8      8x8  256 to 256           220     322        213     285
/// 4      8x8  256 to 256           198     232        194     189
/// 1      8x8  256 to 256           122      78        119      71
/// </code>
/// A few tiles do not pay for the transform of the weights. Tiles that lie mostly outside the output multiply in vain.
/// </remarks>
internal static class Conv2dAlgorithms
{
    // Winograd: tiles from which on the transform of the weights pays; the weight gradient transforms its sums back once for each split.
    private const int MinWinogradTiles = 16, MinWinogradGradientTiles = 64;

    // Channels must fill whole vectors on every backend; the widest has 16 floats.
    private const int WidestVector = 16;

    // Matrix product: with more pixels the packed input takes more memory than it saves time.
    private const int MaxProductPixels = 4096;

    // Matrix product: below this the launches cost more than a faster product saves.
    private const long MinProductMultiplyAdds = 64 * 1024;

    // Matrix product, forward: with more weights a panel of a few columns does not stay in the first-level cache.
    private const int MaxUnpackedWeights = 450_000;

    // Matrix product, weight gradient: with fewer weights everything stays in the second-level cache as it is.
    private const int MinPackedGradientWeights = 150_000;

    // Tensor cores: with fewer channels on either side the tiles are mostly filled with zeros.
    private const int MinTensorCoreChannels = 8;

    /// <summary>The algorithm of a pass: the one that the shape asks for where that is possible, else the fastest.</summary>
    public static Conv2dAlgorithm Choose(Conv2dShape shape, Conv2dPass pass, Conv2dDevice device)
    {
        if (shape.Algorithm != Conv2dAlgorithm.Auto && IsPossible(shape.Algorithm, shape, device)) return shape.Algorithm;
        if (device.IsGpu)
        {
            if (PaysOnTensorCores(shape, pass, device)) return Conv2dAlgorithm.TensorCore;
            return IsPossible(Conv2dAlgorithm.ImplicitGemm, shape, device) ? Conv2dAlgorithm.ImplicitGemm : Conv2dAlgorithm.Direct;
        }

        if (IsPossible(Conv2dAlgorithm.Winograd, shape, device) && WinogradPays(shape, pass)) return Conv2dAlgorithm.Winograd;
        if (IsPossible(Conv2dAlgorithm.MatrixProduct, shape, device) && MatrixProductPays(shape, pass)) return Conv2dAlgorithm.MatrixProduct;
        return Conv2dAlgorithm.Direct;
    }

    /// <summary>Whether an algorithm can compute a shape on a device.</summary>
    /// <exception cref="ArgumentOutOfRangeException">not an algorithm</exception>
    public static bool IsPossible(Conv2dAlgorithm algorithm, Conv2dShape shape, Conv2dDevice device) => algorithm switch
    {
        Conv2dAlgorithm.Direct => true,
        Conv2dAlgorithm.Winograd => FitsWinograd(shape),
        Conv2dAlgorithm.MatrixProduct => !device.IsGpu && IsOneProduct(shape),
        Conv2dAlgorithm.ImplicitGemm => shape.Groups == 1 && GemmPlan.IsPossible(device.Groups),
        Conv2dAlgorithm.TensorCore =>
            device.TensorCores is not null && shape.InputPerGroup >= MinTensorCoreChannels && shape.OutputPerGroup >= MinTensorCoreChannels,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not an algorithm of a convolution"),
    };

    /// <summary>Words of workspace that every pass of a shape may use, by any algorithm on any device.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        var words = Math.Max(DirectConv2dLaunch.WorkspaceLength(shape), DirectWeightGradientLaunch.WorkspaceLength(shape));
        words = Math.Max(words, Math.Max(ImplicitGemmConv2dLaunch.WorkspaceLength(shape), ImplicitGemmWeightGradientLaunch.WorkspaceLength(shape)));
        if (IsOneProduct(shape)) words = Math.Max(words, MatrixProductLaunch.WorkspaceLength(shape));
        if (shape.Algorithm == Conv2dAlgorithm.Direct || !FitsWinograd(shape)) return words;
        return Math.Max(words, Math.Max(WinogradConv2dLaunch.WorkspaceLength(shape), WinogradWeightGradientLaunch.WorkspaceLength(shape)));
    }

    private static bool FitsWinograd(Conv2dShape shape) =>
        shape is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Groups: 1 }
        && shape is { PaddingTop: <= 2, PaddingLeft: <= 2, PaddingBottom: <= 2, PaddingRight: <= 2 }
        && shape.InputChannels % WidestVector == 0 && shape.OutputChannels % WidestVector == 0;

    private static bool WinogradPays(Conv2dShape shape, Conv2dPass pass)
    {
        var (height, width) = pass == Conv2dPass.InputGradient ? (shape.InputHeight, shape.InputWidth) : (shape.OutputHeight, shape.OutputWidth);
        const int extent = WinogradTransform.Outputs;
        var tiles = (long)IntMath.DivRoundUp(height, extent) * IntMath.DivRoundUp(width, extent);
        var least = pass == Conv2dPass.WeightGradient ? MinWinogradGradientTiles : MinWinogradTiles;
        return tiles * shape.Batch >= least && 2 * height * width >= tiles * extent * extent;
    }

    private static bool IsOneProduct(Conv2dShape shape) =>
        shape.IsPointwise && shape.Groups == 1 && (long)shape.Batch * shape.InputHeight * shape.InputWidth <= MaxProductPixels;

    private static bool MatrixProductPays(Conv2dShape shape, Conv2dPass pass)
    {
        if (shape.MultiplyAdds < MinProductMultiplyAdds) return false;
        return pass switch
        {
            // The direct sum reads the weights in place, which is faster as long as their rows are short and few.
            Conv2dPass.Forward => shape.OutputChannels > 128 || (shape.OutputChannels > 64 && shape.WeightLength > MaxUnpackedWeights),
            // The direct sum packs the weights, too.
            Conv2dPass.InputGradient => true,
            // The direct sum reads both operands along their rows. Packed, rows that are far apart do not compete for the same cache lines.
            _ => shape.OutputChannels >= 256 && shape.WeightLength > MinPackedGradientWeights,
        };
    }

    private static bool PaysOnTensorCores(Conv2dShape shape, Conv2dPass pass, Conv2dDevice device)
    {
        if (!IsPossible(Conv2dAlgorithm.TensorCore, shape, device) || shape.MultiplyAdds < device.TensorCores!.MinWork) return false;
        // The sums of a weight gradient are split over the pixels, so there are always enough tiles.
        if (pass == Conv2dPass.WeightGradient) return true;
        var isForward = pass == Conv2dPass.Forward;
        var (summed, computed) = isForward ? (shape.InputPerGroup, shape.OutputPerGroup) : (shape.OutputPerGroup, shape.InputPerGroup);
        var rows = shape.Batch * (isForward ? shape.OutputHeight * shape.OutputWidth : shape.InputHeight * shape.InputWidth);
        return IsSoonerOnTensorCores(device.TensorCores, rows, computed * shape.Groups, shape.KernelHeight * shape.KernelWidth * summed);
    }

    // Products on tensor cores are not split: with few tiles their steps, one after the other, take longer than 32-bit kernels that split the sum over all multiprocessors.
    private static bool IsSoonerOnTensorCores(ITensorCoreLauncher device, int rows, int columns, int depth)
    {
        // Cycles of an H200 by the cost model of tools/cuda-emulator: a step of a tile whose group has no other one to hide its waits; the least time of 32-bit products.
        const int stepDepth = 32, stepCycles = 950, residentGroups = 4, plainCycles = 8000;
        const double plainRate = 64;
        if (device.MinWork <= 1) return true;
        var tiles = (double)IntMath.DivRoundUp(rows, MediumTile.Rows) * IntMath.DivRoundUp(columns, MediumTile.Columns);
        var waves = Math.Ceiling(tiles / (residentGroups * device.Multiprocessors));
        return waves * IntMath.DivRoundUp(depth, stepDepth) * stepCycles <= (double)rows * columns * depth / (plainRate * device.Multiprocessors) + plainCycles;
    }
}
