using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>
/// Tensor-core convolutions against the double-precision reference on operands rounded as the tensor cores round them. What remains is the rounding of the
/// fp32 accumulation, so the tolerance is that of the fp32 kernels. The rounding is implemented here a second time.
/// </summary>
internal static class TensorCoreChecks
{
    // Small enough for the emulator. They cover every tile with both kernels, both copy widths, partial tiles in all directions, taps that begin and end within
    // a step, steps of one tap and of many, groups, strides, dilation, phases without taps, and splits of the pixels.
    internal static readonly Conv2dShape[] Shapes =
    [
        // More steps than stages; rows after the last pixel; 12 of 16 channels.
        Conv2dShapes.Make(2, 5, 6, 12, 36, 3) with { PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1 },
        // Nothing is a multiple of four.
        Conv2dShapes.Make(1, 7, 5, 9, 10, 3) with { KernelWidth = 2, StrideHeight = 2, StrideWidth = 1, PaddingTop = 1 },
        Conv2dShapes.Make(1, 6, 7, 16, 24, 3) with { Groups = 2, StrideHeight = 2, StrideWidth = 2, PaddingLeft = 2 },
        Conv2dShapes.Make(1, 8, 7, 8, 40, 3) with { KernelHeight = 2, DilationHeight = 2, DilationWidth = 3, PaddingRight = 1 },
        // A tap is twelve values of k, three of which are padding. The strides leave phases without taps.
        Conv2dShapes.Make(2, 9, 4, 9, 8, 2) with { KernelHeight = 1, StrideHeight = 3, StrideWidth = 2 },
        Conv2dShape.Dense(70, 33, 72),
        Conv2dShape.Dense(130, 66, 68),
        Conv2dShape.Dense(1100, 8, 12),
        // A tile of 128x64, and more steps than any tile has stages.
        Conv2dShape.Dense(260, 70, 44),
        Conv2dShape.Dense(20, 300, 33),
    ];

    // These use tiles of 128 rows on a device with 132 multiprocessors, in the forward pass and in the input gradient: 132 and 133 tiles.
    internal static readonly Conv2dShape[] LargeShapes =
    [
        Conv2dShapes.Make(66, 16, 16, 44, 68, 3) with { KernelHeight = 1, PaddingLeft = 1, PaddingRight = 1 },
        Conv2dShape.Dense(16_900, 70, 66),
    ];

    [OperationCheck("tensor-core convolution", 31)]
    public static void AgreesWithTheReference(Checker checker)
    {
        var precision = checker.Device.Precision;
        foreach (var shape in Shapes.Concat(LargeShapes))
            Conv2dChecks.Check(checker, shape, "tensor-core convolution", round: values => Rounded(values, precision));
    }

    [OperationCheck("tensor-core reproducibility", 32)]
    public static void ResultsAreReproducible(Checker checker)
    {
        var shape = Shapes[0];
        var (x, w) = (checker.Upload(checker.Uniform(shape.InputLength)), checker.Upload(checker.Uniform(shape.WeightLength)));
        var workspace = checker.Output(Conv2d.WorkspaceLength(shape));
        var (first, second) = (checker.Output(shape.OutputLength), checker.Output(shape.OutputLength));
        Conv2d.Forward(checker.Device, shape, x, w, default, first, Activation.None, workspace);
        Conv2d.Forward(checker.Device, shape, x, w, default, second, Activation.None, workspace);
        Require.Equal(checker.DownloadInts(first), checker.DownloadInts(second));
    }

    // The addition that rounds to TF32 would turn the NaN of a GPU into a number close to zero.
    [OperationCheck("tensor-core NaN", 34)]
    public static void NaNIsNotLost(Checker checker)
    {
        foreach (var shape in new[] { Shapes[0], Conv2dShape.Dense(1100, 8, 12) })
        {
            var (input, weights, gradient) = (checker.Uniform(shape.InputLength), checker.Uniform(shape.WeightLength), checker.Uniform(shape.OutputLength));
            var workspace = checker.Output(Conv2d.WorkspaceLength(shape));
            foreach (var operand in new[] { input, weights, gradient })
            {
                // One of the last elements lies at an edge of a tile.
                var at = operand.Length - 2;
                var value = operand[at];
                operand[at] = BitConverter.Int32BitsToSingle(0x7fffffff);
                var (x, w, d) = (checker.Upload(input), checker.Upload(weights), checker.Upload(gradient));
                var (output, inputGradient, weightGradient) =
                    (Zeros(checker, shape.OutputLength), Zeros(checker, shape.InputLength), Zeros(checker, shape.WeightLength));
                Conv2d.Forward(checker.Device, shape, x, w, default, output, Activation.None, workspace);
                Conv2d.BackwardData(checker.Device, shape, d, w, inputGradient, workspace);
                Conv2d.BackwardWeights(checker.Device, shape, x, d, weightGradient, default, workspace);
                Require.Equal(operand != gradient, checker.Download(output).Any(float.IsNaN));
                Require.Equal(operand != input, checker.Download(inputGradient).Any(float.IsNaN));
                Require.Equal(operand != weights, checker.Download(weightGradient).Any(float.IsNaN));
                operand[at] = value;
            }
        }
    }

    private static DeviceView Zeros(Checker checker, int words) => checker.Upload(new float[words]);

    internal static float[] Rounded(float[] values, MatrixPrecision precision) =>
        [.. values.Select(value => precision == MatrixPrecision.Fp16 ? (float)(Half)value : ToTf32(value))];

    internal static float ToTf32(float value)
    {
        if (value == 0) return value;
        var unit = Math.Pow(2, Math.Floor(Math.Log2(Math.Abs((double)value))) - 10);
        return (float)(Math.Round(value / unit, MidpointRounding.AwayFromZero) * unit);
    }
}
