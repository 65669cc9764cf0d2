using Gpu.Cli.Checks.References;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of the forward pass of convolutions whose weights were packed before. Devices that pack none have nothing to check.</summary>
internal static class PackedConv2dChecks
{
    private static readonly Conv2dAlgorithm[] Algorithms =
        [Conv2dAlgorithm.Auto, Conv2dAlgorithm.Direct, Conv2dAlgorithm.Winograd, Conv2dAlgorithm.MatrixProduct];

    [OperationCheck("convolution with packed weights", 15)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var shape in Conv2dShapes.Named) Check(checker, shape);
        for (var i = 0; i < 40; i++) Check(checker, Conv2dShapes.Random(checker));
        // Pixels of pointwise convolutions in images of other extents, odd ones too; matrix products.
        Check(checker, Conv2dShape.Dense(3, 70, 300));
        Check(checker, Conv2dShape.Dense(1, 33, 130));
        for (var i = 0; i < 20; i++)
        {
            Check(checker, Conv2dShapes.Make(
                checker.Next(1, 4), checker.Next(1, 9), checker.Next(1, 9), checker.Pick(1, 7, 16, 40), checker.Pick(3, 16, 17, 32, 48, 130), 1));
        }

        // Few tiles of Winograd's algorithm.
        var padded = Conv2dShapes.Make(1, 8, 8, 16, 48, 3) with { PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1 };
        Check(checker, padded);
        Check(checker, padded with { Batch = 3, InputHeight = 6, InputWidth = 7, InputChannels = 32, OutputChannels = 16 });
    }

    private static void Check(Checker checker, Conv2dShape shape)
    {
        var input = checker.Uniform(shape.InputLength);
        var weights = checker.Uniform(shape.WeightLength);
        var bias = checker.Uniform(shape.OutputChannels);
        var (x, w, b) = (checker.Upload(input), checker.Upload(weights), checker.Upload(bias));
        var sums = Conv2dReference.Forward(shape, input, weights);
        var activated = sums.Select((v, i) => ActivationReference.Value(Activation.Relu, v + bias[i % shape.OutputChannels])).ToArray();
        foreach (var algorithm in Algorithms)
        {
            var asked = shape with { Algorithm = algorithm };
            var layout = PackedConv2d.Layout(checker.Device, asked);
            if (layout.Words == 0 || (algorithm != Conv2dAlgorithm.Auto && layout.Algorithm != algorithm)) continue;
            var packed = checker.Output(layout.Words);
            // Those of another batch are the same.
            PackedConv2d.Pack(checker.Device, asked with { Algorithm = layout.Algorithm, Batch = 1 }, w, packed);
            var workspace = checker.Output(Math.Max(1, PackedConv2d.WorkspaceLength(asked)));
            var text = $"{shape}, {layout.Algorithm}";
            var output = checker.Output(shape.OutputLength);
            PackedConv2d.Forward(checker.Device, asked, x, packed, default, output, Activation.None, workspace);
            checker.Compare("packed convolution", sums, output, 1e-5, shape: text);
            output = checker.Output(shape.OutputLength);
            PackedConv2d.Forward(checker.Device, asked, x, packed, b, output, Activation.Relu, workspace);
            checker.Compare("packed convolution, bias, ReLU", activated, output, 1e-5, shape: text);
        }
    }
}
