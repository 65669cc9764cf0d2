using Gpu.Kernels;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Tests.Activations;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution.TensorCore;

/// <summary>
/// Products on tensor cores against the double-precision reference on operands that were rounded as the unit rounds them: what is left is the rounding of 32-bit sums, so that
/// the bound is the one of the 32-bit kernels. The rounding itself is written anew here.
/// </summary>
[OracleFor(typeof(TensorCoreConv2d<,,>), typeof(TensorCoreWeightGradient<,>))]
public class TensorConvolutionTests
{
    public static TheoryData<string> Devices => TestDevices.Tensor;

    // Small, for the emulator. Every tile with both kernels, both widths of copies, partial tiles in all directions, taps that begin and end within a step, steps of one tap and of
    // many, groups, strides, dilation, phases without taps, splits of the pixels.
    private static readonly Conv2dShape[] Shapes =
    [
        // More steps than stages; rows behind the last pixel; 12 of 16 channels.
        new() { Batch = 2, InputHeight = 5, InputWidth = 6, InputChannels = 12, OutputChannels = 36, KernelHeight = 3, KernelWidth = 3, PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1 },
        // Nothing is a multiple of four.
        new() { Batch = 1, InputHeight = 7, InputWidth = 5, InputChannels = 9, OutputChannels = 10, KernelHeight = 3, KernelWidth = 2, StrideHeight = 2, StrideWidth = 1, PaddingTop = 1 },
        new() { Batch = 1, InputHeight = 6, InputWidth = 7, InputChannels = 16, OutputChannels = 24, KernelHeight = 3, KernelWidth = 3, Groups = 2, StrideHeight = 2, StrideWidth = 2, PaddingLeft = 2 },
        new() { Batch = 1, InputHeight = 8, InputWidth = 7, InputChannels = 8, OutputChannels = 40, KernelHeight = 2, KernelWidth = 3, DilationHeight = 2, DilationWidth = 3, PaddingRight = 1 },
        // A tap is twelve values of k, and three of them are nothing. Strides leave phases without taps.
        new() { Batch = 2, InputHeight = 9, InputWidth = 4, InputChannels = 9, OutputChannels = 8, KernelHeight = 1, KernelWidth = 2, StrideHeight = 3, StrideWidth = 2 },
        Conv2dShape.Dense(70, 33, 72),
        Conv2dShape.Dense(130, 66, 68),
        Conv2dShape.Dense(1100, 8, 12),
        // 128 x 64, and more steps than any tile has stages.
        Conv2dShape.Dense(260, 70, 44),
        Conv2dShape.Dense(20, 300, 33),
    ];

    // What takes the tiles of 128 rows on a device of 132 multiprocessors, forward and in the input gradient: 132 and 133 of them.
    private static readonly Conv2dShape[] LargeShapes =
    [
        new() { Batch = 66, InputHeight = 16, InputWidth = 16, InputChannels = 44, OutputChannels = 68, KernelHeight = 1, KernelWidth = 3, PaddingLeft = 1, PaddingRight = 1 },
        Conv2dShape.Dense(16_900, 70, 66),
    ];

    [CudaTheory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 31);
        foreach (var shape in Shapes) Check(oracle, shape);
        foreach (var shape in LargeShapes) Check(oracle, shape);
    }

    [CudaTheory]
    [MemberData(nameof(Devices))]
    public void TheSameBitsEveryTime(string device)
    {
        using var oracle = new Oracle(device, seed: 32);
        var shape = Shapes[0];
        var (x, w) = (oracle.Upload(oracle.Uniform(shape.InputLength)), oracle.Upload(oracle.Uniform(shape.WeightLength)));
        var workspace = oracle.Output(Conv2d.WorkspaceLength(shape));
        var (first, second) = (oracle.Output(shape.OutputLength), oracle.Output(shape.OutputLength));
        Conv2d.Forward(oracle.Device, shape, x, w, default, first, Activation.None, workspace);
        Conv2d.Forward(oracle.Device, shape, x, w, default, second, Activation.None, workspace);
        Assert.Equal(oracle.DownloadInts(first), oracle.DownloadInts(second));
    }

    private static void Check(Oracle oracle, Conv2dShape shape)
    {
        var text = $"{shape.Batch}x{shape.InputHeight}x{shape.InputWidth}x{shape.InputChannels} to {shape.OutputChannels}";
        var precision = oracle.Device.Precision;
        var input = oracle.Uniform(shape.InputLength);
        var weights = oracle.Uniform(shape.WeightLength);
        var bias = oracle.Uniform(shape.OutputChannels);
        var outputGradient = oracle.Uniform(shape.OutputLength);
        var workspace = oracle.Output(Conv2d.WorkspaceLength(shape));
        var (x, w, d) = (oracle.Upload(input), oracle.Upload(weights), oracle.Upload(outputGradient));
        var (roundInput, roundWeights, roundGradient) = (Rounded(input, precision), Rounded(weights, precision), Rounded(outputGradient, precision));

        var output = oracle.Output(shape.OutputLength);
        Conv2d.Forward(oracle.Device, shape, x, w, oracle.Upload(bias), output, Activation.Relu, workspace);
        var sums = ConvolutionReference.Forward(shape, roundInput, roundWeights);
        var activated = sums.Select((v, i) => ActivationReference.Value(Activation.Relu, v + bias[i % shape.OutputChannels])).ToArray();
        oracle.Compare("tensor convolution forward", activated, output, shape: text);

        var before = oracle.Uniform(shape.InputLength);
        var inputGradient = oracle.Upload(before);
        Conv2d.BackwardData(oracle.Device, shape, d, w, inputGradient, workspace, Activation.Relu, x, accumulate: true);
        var expected = ConvolutionReference.InputGradient(shape, roundGradient, roundWeights);
        var gated = expected.Select((v, i) => before[i] + (input[i] > 0 ? v : 0)).ToArray();
        oracle.Compare("tensor convolution input gradient", gated, inputGradient, shape: text);

        var startWeights = oracle.Uniform(shape.WeightLength);
        var startBias = oracle.Uniform(shape.OutputChannels);
        var weightGradient = oracle.Upload(startWeights);
        var biasGradient = oracle.Upload(startBias);
        Conv2d.BackwardWeights(oracle.Device, shape, x, d, weightGradient, biasGradient, workspace);
        var expectedWeights = ConvolutionReference.WeightGradient(shape, roundInput, roundGradient);
        oracle.Compare("tensor convolution weight gradient", [.. expectedWeights.Select((v, i) => v + startWeights[i])], weightGradient, shape: text);
        // The bias gradient is a sum of what is in memory, not a product: it is not rounded.
        var expectedBias = ConvolutionReference.BiasGradient(shape.OutputChannels, outputGradient);
        oracle.Compare("tensor convolution bias gradient", [.. expectedBias.Select((v, i) => v + startBias[i])], biasGradient, shape: text);
    }

    private static float[] Rounded(float[] values, MatrixPrecision precision) =>
        [.. values.Select(value => precision == MatrixPrecision.Fp16 ? (float)(Half)value : ToTf32(value))];

    private static float ToTf32(float value)
    {
        if (value == 0) return value;
        var unit = Math.Pow(2, Math.Floor(Math.Log2(Math.Abs((double)value))) - 10);
        return (float)(Math.Round(value / unit, MidpointRounding.AwayFromZero) * unit);
    }
}
