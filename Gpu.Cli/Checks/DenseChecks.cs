using Gpu.Cli.Checks.References;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of dense layers.</summary>
internal static class DenseChecks
{
    [OperationCheck("dense, random shapes", 24)]
    public static void AgreesOnRandomShapes(Checker checker)
    {
        for (var i = 0; i < 12; i++) Check(checker, checker.Next(1, 50), checker.Next(1, 60), checker.Next(1, 70));
    }

    /// <summary>Large enough that the CPU chooses the packed matrix product, and GPUs split the inputs.</summary>
    [OperationCheck("dense, large shapes", 23)]
    public static void AgreesOnLargeShapes(Checker checker)
    {
        (int, int, int)[] sizes = checker.IsSlow ? [(33, 64, 100)] : [(128, 300, 200), (64, 513, 260), (33, 64, 700)];
        foreach (var (batch, inputs, outputs) in sizes) Check(checker, batch, inputs, outputs);
    }

    private static void Check(Checker checker, int batch, int inputs, int outputs)
    {
        var shape = Conv2dShape.Dense(batch, inputs, outputs);
        var text = $"{batch} x {inputs} to {outputs}";
        var (input, weights) = (checker.Uniform(shape.InputLength), checker.Uniform(shape.WeightLength));
        var (bias, gradient) = (checker.Uniform(outputs), checker.Uniform(shape.OutputLength));
        var (x, w, d) = (checker.Upload(input), checker.Upload(weights), checker.Upload(gradient));
        var workspace = checker.Output(Math.Max(1, Dense.WorkspaceLength(batch, inputs, outputs)));
        var output = checker.Output(shape.OutputLength);
        Dense.Forward(checker.Device, batch, inputs, outputs, x, w, checker.Upload(bias), output, Activation.Relu, workspace);
        var sums = Conv2dReference.Forward(shape, input, weights).Select((v, i) => Math.Max(0, v + bias[i % outputs]));
        checker.Compare("dense forward", [.. sums], output, shape: text);
        output = checker.Output(shape.InputLength);
        Dense.BackwardData(checker.Device, batch, inputs, outputs, d, w, output, workspace, Activation.Relu, x);
        var expected = Conv2dReference.InputGradient(shape, gradient, weights).Select((v, i) => input[i] > 0 ? v : 0);
        checker.Compare("dense input gradient", [.. expected], output, shape: text);
        var (startWeights, startBias) = (checker.Uniform(shape.WeightLength), checker.Uniform(outputs));
        var (weightGradient, biasGradient) = (checker.Upload(startWeights), checker.Upload(startBias));
        Dense.BackwardWeights(checker.Device, batch, inputs, outputs, x, d, weightGradient, biasGradient, workspace);
        var expectedWeights = Conv2dReference.WeightGradient(shape, input, gradient).Select((v, i) => v + startWeights[i]);
        checker.Compare("dense weight gradient", [.. expectedWeights], weightGradient, shape: text);
        var expectedBias = Conv2dReference.BiasGradient(outputs, gradient).Select((v, i) => v + startBias[i]);
        checker.Compare("dense bias gradient", [.. expectedBias], biasGradient, shape: text);
    }
}
