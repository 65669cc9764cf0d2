using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels;

/// <summary>
/// Algorithm of a pass of a convolution. The results of all algorithms are equal up to rounding. If an algorithm cannot compute a shape on a device,
/// <see cref="Auto"/> applies.
/// </summary>
public enum Conv2dAlgorithm
{
    /// <summary>The fastest algorithm for the shape, the pass and the device.</summary>
    Auto,

    /// <summary>Direct convolution: sums tap by tap in register tiles. Any shape, any device.</summary>
    Direct,

    /// <summary>
    /// Winograd's F(4x4, 3x3): 36 multiplications instead of 144. Requires 3x3 kernels, stride 1, dilation 1, padding of at most 2, one group, and multiples of
    /// 16 channels.
    /// </summary>
    Winograd,

    /// <summary>
    /// One packed matrix product. Requires the CPU, one group, at most 4096 input pixels in the batch, and a dense layer or 1x1 kernels with stride 1 and no
    /// padding.
    /// </summary>
    MatrixProduct,

    /// <summary>Implicit GEMM with tiles in shared memory. Requires a GPU or the simulator, and one channel group.</summary>
    ImplicitGemm,

    /// <summary>
    /// Implicit GEMM on tensor cores, in TF32 or FP16. Requires a CUDA device whose precision is not FP32, and at least 8 input and 8 output channels in each
    /// group.
    /// </summary>
    TensorCore,

    /// <summary>Depthwise convolution, vectorized over channels. Requires several groups of one input and one output channel.</summary>
    Depthwise,
}

/// <summary>The three passes of a convolution.</summary>
internal enum Conv2dPass
{
    /// <summary>Computes the output from the input and the weights.</summary>
    Forward,

    /// <summary>Computes the input gradient from the output gradient and the weights. Also the forward pass of a transposed convolution.</summary>
    InputGradient,

    /// <summary>Computes the weight gradient from the input and the output gradient.</summary>
    WeightGradient,
}

/// <summary>The properties of a device that <see cref="Conv2dAlgorithms"/> depends on.</summary>
/// <param name="IsGpu">whether each item runs on its own thread; see <see cref="IVectorBackend{TSelf,TVector}.IsGpu"/></param>
/// <param name="Groups">limits of thread groups; null if the device has no thread groups</param>
/// <param name="TensorCores">launcher for tensor cores; null if matrix products are computed in FP32</param>
internal readonly record struct Conv2dDevice(bool IsGpu, GroupLimits? Groups, ITensorCoreLauncher? TensorCores);

/// <summary>Selects the algorithm for every pass of a convolution or dense layer. Nothing else does.</summary>
/// <remarks>
/// On a GPU: tensor cores if they are faster, else implicit GEMM if the device can run it, else direct convolution.
/// On any device: the depthwise kernels for groups of one channel.
/// On the CPU: Winograd or one matrix product if it is faster, else direct convolution.
///
/// Winograd and direct convolution on one CPU core with 512-bit vectors, in GFLOP/s. The rates of both count the operations of direct convolution. The input
/// gradient behaves like the forward pass.
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
/// With few tiles, the filter transform takes longer than the products save. The work on the part of a tile that lies outside the output is wasted.
/// </remarks>
internal static class Conv2dAlgorithms
{
    // Winograd: fewest tiles for which the filter transform is worth its time. The weight gradient transforms its sums back once for each split.
    private const int MinWinogradTiles = 16, MinWinogradGradientTiles = 64;

    // Winograd with weights that were transformed before: with fewer pixels, reading four times as many weights takes as long as the products save, and
    // longer where several threads share the memory.
    private const int MinPackedWinogradPixels = 64;

    // Winograd: with more channels, the scratch memory of one thread would exceed 2 GB.
    private const int MaxWinogradChannels = 1 << 20;

    // Winograd: channels must fill whole vectors on every backend. The widest vector has 16 floats.
    private const int MaxVectorWidth = 16;

    // Matrix product: with more pixels, the packed input is too large for the time that it saves.
    private const int MaxProductPixels = 4096;

    // Matrix product: with less work, the additional launches cost more than the faster product saves.
    private const long MinProductMultiplyAdds = 64 * 1024;

    // Matrix product, forward: with more weights, a panel of a few unpacked columns does not stay in the L1 cache.
    private const int MaxUnpackedWeights = 450_000;

    // Matrix product, weight gradient: with fewer weights, everything stays in the L2 cache without packing.
    private const int MinPackedGradientWeights = 150_000;

    // Tensor cores: with fewer input or output channels, the tiles contain mostly zeros.
    private const int MinTensorCoreChannels = 8;

    /// <summary>Returns the algorithm of a pass: <see cref="Conv2dShape.Algorithm"/> if it is set and possible, else the fastest.</summary>
    public static Conv2dAlgorithm Choose(Conv2dShape shape, Conv2dPass pass, Conv2dDevice device)
    {
        if (shape.Algorithm != Conv2dAlgorithm.Auto && IsPossible(shape.Algorithm, shape, device)) return shape.Algorithm;
        if (UsesDepthwise(shape)) return Conv2dAlgorithm.Depthwise;
        if (device.IsGpu)
        {
            if (PaysOnTensorCores(shape, pass, device)) return Conv2dAlgorithm.TensorCore;
            return IsPossible(Conv2dAlgorithm.ImplicitGemm, shape, device) ? Conv2dAlgorithm.ImplicitGemm : Conv2dAlgorithm.Direct;
        }

        if (IsPossible(Conv2dAlgorithm.Winograd, shape, device) && WinogradPays(shape, pass)) return Conv2dAlgorithm.Winograd;
        if (IsPossible(Conv2dAlgorithm.MatrixProduct, shape, device) && MatrixProductPays(shape, pass)) return Conv2dAlgorithm.MatrixProduct;
        return Conv2dAlgorithm.Direct;
    }

    /// <summary>Returns whether an algorithm can compute a shape on a device.</summary>
    /// <exception cref="ArgumentOutOfRangeException">not an algorithm</exception>
    public static bool IsPossible(Conv2dAlgorithm algorithm, Conv2dShape shape, Conv2dDevice device) => algorithm switch
    {
        Conv2dAlgorithm.Direct => true,
        Conv2dAlgorithm.Winograd => FitsWinograd(shape),
        Conv2dAlgorithm.MatrixProduct => !device.IsGpu && FitsMatrixProduct(shape),
        Conv2dAlgorithm.ImplicitGemm => shape.Groups == 1 && GemmPlan.IsPossible(device.Groups),
        Conv2dAlgorithm.TensorCore =>
            device.TensorCores is not null && shape.InputPerGroup >= MinTensorCoreChannels && shape.OutputPerGroup >= MinTensorCoreChannels,
        Conv2dAlgorithm.Depthwise => FitsDepthwise(shape),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "not an algorithm of a convolution"),
    };

    /// <summary>
    /// Returns the algorithm of a forward pass on the CPU whose weights are packed before: <see cref="Conv2dShape.Algorithm"/> if it is set and possible, else
    /// the fastest. More shapes than in <see cref="Choose"/> pay, since nothing is packed or transformed in the pass.
    /// </summary>
    public static Conv2dAlgorithm ChoosePacked(Conv2dShape shape)
    {
        if (shape.Algorithm is Conv2dAlgorithm.Direct or Conv2dAlgorithm.Winograd or Conv2dAlgorithm.MatrixProduct
            && IsPossible(shape.Algorithm, shape, new Conv2dDevice(IsGpu: false, null, null)))
        {
            return shape.Algorithm;
        }

        if (UsesDepthwise(shape)) return Conv2dAlgorithm.Depthwise;
        if (FitsWinograd(shape) && PackedWinogradPays(shape)) return Conv2dAlgorithm.Winograd;
        return FitsMatrixProduct(shape) && PackedProductPays(shape) ? Conv2dAlgorithm.MatrixProduct : Conv2dAlgorithm.Direct;
    }

    private static bool PackedWinogradPays(Conv2dShape shape) =>
        (long)shape.OutputHeight * shape.OutputWidth * shape.Batch >= MinPackedWinogradPixels && FillTiles(shape.OutputHeight, shape.OutputWidth, out _);

    // Direct convolution is faster where it sums over long rows of the input.
    private static bool PackedProductPays(Conv2dShape shape) =>
        shape.OutputChannels > 128 && (shape.OutputChannels > shape.InputChannels || shape.OutputChannels >= 512)
        && shape.MultiplyAdds >= MinProductMultiplyAdds;

    /// <summary>
    /// Returns the number of channels that the kernels of a pass divide into vectors. It decides whether a GPU can use vectors of four floats.
    /// </summary>
    /// <param name="shape">the shape</param>
    /// <param name="computedPerGroup">channels of a group that the pass computes</param>
    public static int Granularity(Conv2dShape shape, int computedPerGroup) =>
        UsesDepthwise(shape) ? shape.InputChannels : computedPerGroup;

    /// <summary>Words of workspace that suffice for every pass of a shape, with any algorithm on any device.</summary>
    public static int WorkspaceLength(Conv2dShape shape)
    {
        shape.Validate();
        if (UsesDepthwise(shape)) return DepthwiseWeightGradientLaunch.WorkspaceLength(shape);
        var words = Math.Max(DirectConv2dLaunch.WorkspaceLength(shape), DirectWeightGradientLaunch.WorkspaceLength(shape));
        words = Math.Max(words, Math.Max(ImplicitGemmConv2dLaunch.WorkspaceLength(shape), ImplicitGemmWeightGradientLaunch.WorkspaceLength(shape)));
        if (FitsMatrixProduct(shape)) words = Math.Max(words, MatrixProductLaunch.WorkspaceLength(shape));
        if (shape.Algorithm == Conv2dAlgorithm.Direct || !FitsWinograd(shape)) return words;
        return Math.Max(words, Math.Max(WinogradConv2dLaunch.WorkspaceLength(shape), WinogradWeightGradientLaunch.WorkspaceLength(shape)));
    }

    private static bool FitsDepthwise(Conv2dShape shape) => shape is { Groups: > 1, InputPerGroup: 1, OutputPerGroup: 1 };

    // On every device: with one channel in each group, direct convolution has one lane, and the other algorithms cannot compute it.
    private static bool UsesDepthwise(Conv2dShape shape) => FitsDepthwise(shape) && shape.Algorithm != Conv2dAlgorithm.Direct;

    private static bool FitsWinograd(Conv2dShape shape) =>
        shape is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Groups: 1 }
        && shape is { PaddingTop: <= 2, PaddingLeft: <= 2, PaddingBottom: <= 2, PaddingRight: <= 2 }
        && shape.InputChannels % MaxVectorWidth == 0 && shape.OutputChannels % MaxVectorWidth == 0
        && Math.Max(shape.InputChannels, shape.OutputChannels) <= MaxWinogradChannels;

    private static bool WinogradPays(Conv2dShape shape, Conv2dPass pass)
    {
        var (height, width) = pass == Conv2dPass.InputGradient ? (shape.InputHeight, shape.InputWidth) : (shape.OutputHeight, shape.OutputWidth);
        var least = pass == Conv2dPass.WeightGradient ? MinWinogradGradientTiles : MinWinogradTiles;
        return FillTiles(height, width, out var tiles) && tiles * shape.Batch >= least;
    }

    // Whether the pixels of an image fill at least half of the tiles of Winograd's algorithm.
    private static bool FillTiles(int height, int width, out long tiles)
    {
        const int extent = WinogradTransform.Outputs;
        tiles = (long)IntMath.DivRoundUp(height, extent) * IntMath.DivRoundUp(width, extent);
        return 2L * height * width >= tiles * extent * extent;
    }

    private static bool FitsMatrixProduct(Conv2dShape shape) =>
        shape.IsPointwise && shape.Groups == 1 && (long)shape.Batch * shape.InputHeight * shape.InputWidth <= MaxProductPixels;

    private static bool MatrixProductPays(Conv2dShape shape, Conv2dPass pass)
    {
        if (shape.MultiplyAdds < MinProductMultiplyAdds) return false;
        return pass switch
        {
            // Direct convolution reads the weights in place, which is faster as long as their rows are short and few.
            Conv2dPass.Forward => shape.OutputChannels > 128 || (shape.OutputChannels > 64 && shape.WeightLength > MaxUnpackedWeights),
            // Direct convolution packs the weights, too.
            Conv2dPass.InputGradient => true,
            // Direct convolution reads both operands along their rows. Packing keeps rows with a large stride from competing for the same cache sets.
            _ => shape.OutputChannels >= 256 && shape.WeightLength > MinPackedGradientWeights,
        };
    }

    private static bool PaysOnTensorCores(Conv2dShape shape, Conv2dPass pass, Conv2dDevice device)
    {
        if (!IsPossible(Conv2dAlgorithm.TensorCore, shape, device) || shape.MultiplyAdds < device.TensorCores!.MinWork) return false;
        // Split-K over the pixels provides enough tiles for every weight gradient.
        if (pass == Conv2dPass.WeightGradient) return true;
        var isForward = pass == Conv2dPass.Forward;
        var (summed, computed) = isForward ? (shape.InputPerGroup, shape.OutputPerGroup) : (shape.OutputPerGroup, shape.InputPerGroup);
        var rows = shape.Batch * (isForward ? shape.OutputHeight * shape.OutputWidth : shape.InputHeight * shape.InputWidth);
        return IsFasterOnTensorCores(device.TensorCores, rows, computed * shape.Groups, shape.KernelHeight * shape.KernelWidth * summed);
    }

    // The tensor-core kernels of the other two passes have no split-K. With few tiles, their sequential steps take longer than FP32 kernels that split the sum
    // over all multiprocessors.
    private static bool IsFasterOnTensorCores(ITensorCoreLauncher device, int rows, int columns, int depth)
    {
        // Cycles of an H200 by the cost model of tools/cuda-emulator: stepCycles for a step of a tile whose latency no other group hides, plainCycles as the
        // minimum time of an FP32 product.
        const int stepDepth = 32, stepCycles = 950, residentGroups = 4, plainCycles = 8000;
        const double plainRate = 64;
        if (device.MinWork <= 1) return true;
        var tiles = (double)IntMath.DivRoundUp(rows, MediumTile.Rows) * IntMath.DivRoundUp(columns, MediumTile.Columns);
        var waves = Math.Ceiling(tiles / (residentGroups * device.Multiprocessors));
        return waves * IntMath.DivRoundUp(depth, stepDepth) * stepCycles <= (double)rows * columns * depth / (plainRate * device.Multiprocessors) + plainCycles;
    }
}
