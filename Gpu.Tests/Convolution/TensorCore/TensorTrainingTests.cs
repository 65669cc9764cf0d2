using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Loop;
using Gpu.Tests.Oracles;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Convolution.TensorCore;

/// <summary>Training with the tensor cores' precision.</summary>
public class TensorTrainingTests
{
    private const int Batch = 8;

    private static readonly Model Network = new(
        "tensor", TensorShape.Image(4, 4, 8), new Conv2dLayer(16, 3) { Padding = 1, Activation = Activation.Relu }, new FlattenLayer(),
        new DenseLayer(16) { Activation = Activation.Relu }, new DenseLayer(10));

    // Operands are rounded to 11 bits, by 2^-13 of themselves on average and by 2^-12 at most; a logit is a sum of many such products, whose errors go either way and mostly cancel, and the loss is a mean over
    // the batch with a slope of at most 1 in each logit. In ten steps the loss falls from 2.28 to 0.04, so that the weights are as much what the gradients made of them as what they were drawn
    // to be; the gradients' errors are of the same 2^-12. The bound is 2^-11 of the first loss, 1.1e-3; seen: 1.8e-4.
    [CudaFact]
    public void TenStepsLoseAsTheyDoIn32Bits()
    {
        var expected = Losses(MatrixPrecision.Fp32);
        Assert.True(expected[^1] < 0.1 * expected[0], "the network learns too little for equal losses to show anything");
        foreach (var precision in new[] { MatrixPrecision.Tf32, MatrixPrecision.Fp16 })
        {
            var got = Losses(precision);
            for (var step = 0; step < expected.Length; step++)
                Assert.True(Math.Abs(got[step] - expected[step]) <= expected[0] / 2048, $"step {step}: {got[step]:R} in {precision}, {expected[step]:R} in 32 bits");
            Assert.NotEqual(expected, got);
        }
    }

    [CudaFact]
    public void OverflowSkipsTheStepAndHalvesTheScale()
    {
        using var device = TestDevices.NewTensorDevice();
        device.Precision = MatrixPrecision.Fp16;
        using var network = new Network(Network, device, 3);
        using var runner = new StepRunner(network, 1, new TrainingOptions { Optimizer = OptimizerKind.Adam, LearningRate = 0.01f, ClipNorm = 1 });
        var input = Inputs(1).Select(value => 100 * value).ToArray();
        runner.SetBatch(input, [0]);
        var output = runner.Evaluate();
        // A class that is certainly not the one: its gradient is the scale itself, 65,536, which half precision does not hold.
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
    public void ResumedRunIsTheUninterruptedOne()
    {
        using var folder = new TemporaryFolder();
        using var device = TestDevices.NewTensorDevice();
        var data = SmallData.Squares(48, 16);
        var options = new TrainingOptions { Steps = 5, Batch = 16, LearningRate = 0.01f, RecordLosses = true, Precision = MatrixPrecision.Fp16 };
        using var whole = new Trainer(SmallData.Network(), data, device, options with { OutputFolder = folder.Path("whole") });
        var expected = whole.Run();
        Assert.Equal(MatrixPrecision.Fp16, expected.Precision);
        Assert.Equal(5, expected.LossScale?.GoodSteps + expected.LossScale?.Skipped);

        using (var first = new Trainer(SmallData.Network(), data, device, options with { Steps = 2, OutputFolder = folder.Path("cut") })) first.Run();
        // The precision comes from the run.
        device.Precision = MatrixPrecision.Fp32;
        using var second = Trainer.Resume(folder.Path("cut"), data, device, given => given with { Steps = 5 });
        var resumed = second.Run();
        Assert.Equal(expected.LossScale, resumed.LossScale);
        Assert.Equal(expected.Losses!.Skip(2), resumed.Losses!);
        Assert.Equal(Weights(whole.Network), Weights(second.Network));
        Assert.Equal(MatrixPrecision.Fp16, RunFolder.Open(folder.Path("cut")).Configuration.Options.Precision);
        var mistake = Assert.Throws<TrainingException>(() => Trainer.Resume(folder.Path("cut"), data, device, given => given with { Precision = MatrixPrecision.Tf32 }));
        Assert.Contains("precision", mistake.Message);
    }

    private static double[] Losses(MatrixPrecision precision)
    {
        using var device = TestDevices.NewTensorDevice();
        using var network = new Network(Network, device, 3);
        using var runner = new StepRunner(network, Batch, new TrainingOptions { Optimizer = OptimizerKind.Momentum, LearningRate = 0.3f, Precision = precision });
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
