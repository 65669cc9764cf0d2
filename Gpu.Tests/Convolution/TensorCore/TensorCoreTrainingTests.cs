using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Tests.Oracles;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Convolution.TensorCore;

/// <summary>Training with TF32 and FP16 on tensor cores.</summary>
public class TensorCoreTrainingTests
{
    private const int Batch = 8;

    private static readonly Model Network = new(
        "tensor", TensorShape.Image(4, 4, 8), new Conv2dLayer(16, 3) { Padding = 1, Activation = Activation.Relu }, new FlattenLayer(),
        new DenseLayer(16) { Activation = Activation.Relu }, new DenseLayer(10));

    // Operands are rounded to 11 bits: a relative error of 2^-13 on average and of 2^-12 at most. A logit is a sum of many such products, whose errors have
    // either sign and mostly cancel. The loss is a mean over the batch with a slope of at most 1 in each logit. In ten steps the loss falls from 2.28 to 0.04,
    // so the weights depend on the gradients as much as on their initial values; the errors of the gradients are of the order of 2^-12, too. The bound is 2^-11
    // of the first loss, 1.1e-3; measured: 1.8e-4.
    [CudaFact]
    public void LossesOfTenStepsAreNearThoseOfFp32()
    {
        var expected = Losses(MatrixPrecision.Fp32);
        Assert.True(expected[^1] < 0.1 * expected[0], "the network learns too little for equal losses to mean anything");
        foreach (var precision in new[] { MatrixPrecision.Tf32, MatrixPrecision.Fp16 })
        {
            var got = Losses(precision);
            for (var step = 0; step < expected.Length; step++)
            {
                Assert.True(
                    Math.Abs(got[step] - expected[step]) <= expected[0] / 2048, $"step {step}: {got[step]:R} in {precision}, {expected[step]:R} in fp32");
            }

            Assert.NotEqual(expected, got);
        }
    }

    [CudaFact]
    public void OverflowSkipsTheStepAndHalvesTheScale()
    {
        using var device = TestDevices.NewTensorCoreDevice();
        device.Precision = MatrixPrecision.Fp16;
        using var network = new Network(Network, device, 3);
        using var runner = new StepRunner(network, 1, new TrainingOptions { Optimizer = OptimizerKind.Adam, LearningRate = 0.01f, ClipNorm = 1 });
        var input = Inputs(1).Select(value => 100 * value).ToArray();
        runner.SetBatch(input, [0]);
        var output = runner.Evaluate();
        // The label is the least likely class: its gradient is the loss scale itself, 65,536, which overflows FP16.
        runner.SetBatch(input, [Array.IndexOf(output, output.Min())]);
        var before = Weights(network);
        runner.Step();
        Assert.Equal(before, Weights(network));
        Assert.Equal(new LossScaleState(32768, 0, 1), runner.ReadLossScale());
        runner.Step();
        Assert.Equal(new LossScaleState(32768, 1, 1), runner.ReadLossScale());
        Assert.NotEqual(before, Weights(network));
        Assert.All(Weights(network), weight => Assert.True(float.IsFinite(weight)));
    }

    [CudaFact]
    public void ResumedRunEqualsAnUninterruptedOne()
    {
        using var folder = new TempFolder();
        using var device = TestDevices.NewTensorCoreDevice();
        var data = SmallData.Squares(48, 16);
        var options = new TrainingOptions { Steps = 5, Batch = 16, LearningRate = 0.01f, RecordLosses = true, Precision = MatrixPrecision.Fp16 };
        using var whole = new Trainer(SmallData.Network(), data, device, options with { OutputFolder = folder.File("whole") });
        var expected = whole.Run();
        Assert.Equal(MatrixPrecision.Fp16, expected.Precision);
        Assert.Equal(5, expected.LossScale?.GoodSteps + expected.LossScale?.Skipped);

        using (var first = new Trainer(SmallData.Network(), data, device, options with { Steps = 2, OutputFolder = folder.File("cut") })) first.Run();
        // The resumed run takes the precision from its configuration, not from the device.
        device.Precision = MatrixPrecision.Fp32;
        using var second = Trainer.Resume(folder.File("cut"), data, device, given => given with { Steps = 5 });
        var resumed = second.Run();
        Assert.Equal(expected.LossScale, resumed.LossScale);
        Assert.Equal(expected.Losses!.Skip(2), resumed.Losses!);
        Assert.Equal(Weights(whole.Network), Weights(second.Network));
        Assert.Equal(MatrixPrecision.Fp16, RunFolder.Open(folder.File("cut")).Configuration.Options.Precision);
        var error = Assert.Throws<TrainingException>(
            () => Trainer.Resume(folder.File("cut"), data, device, given => given with { Precision = MatrixPrecision.Tf32 }));
        Assert.Contains("precision", error.Message);
    }

    private static double[] Losses(MatrixPrecision precision)
    {
        using var device = TestDevices.NewTensorCoreDevice();
        using var network = new Network(Network, device, 3);
        using var runner = new StepRunner(
            network, Batch, new TrainingOptions { Optimizer = OptimizerKind.Momentum, LearningRate = 0.3f, Precision = precision });
        runner.SetBatch(Inputs(Batch), [.. Enumerable.Range(0, Batch)]);
        var losses = new double[10];
        for (var step = 0; step < losses.Length; step++)
        {
            runner.Step();
            losses[step] = runner.ReadLoss();
        }

        return losses;
    }

    private static float[] Inputs(int batch)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, batch * Network.Input.Length).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static float[] Weights(Network network) => [.. network.Model.Parameters.SelectMany(parameter => network.GetParameter(parameter.Name))];
}
