using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

public class FreezeTests
{
    private static readonly TrainingOptions Options = new()
    {
        Epochs = 2, Batch = 16, LearningRate = 0.01f, WeightDecay = 0.1f, DecayOn = DecayTarget.All, DecayMode = DecayMode.Decoupled,
    };

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.Nesterov)]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Lion)]
    public void FrozenParametersAndTheirStatisticsDoNotChange(OptimizerKind kind)
    {
        using var device = new CpuDevice(2);
        using var trainer = new Trainer(
            SmallData.Network(), SmallData.Squares(), device, Options with { Optimizer = kind, Freeze = ["conv1", "batchnorm?.*", "dense1.bias"], Ema = 0.9f });
        var before = trainer.Network.Model.Parameters.ToDictionary(parameter => parameter.Name, parameter => trainer.Network.GetParameter(parameter.Name));
        trainer.Run();
        foreach (var (name, values) in before)
        {
            var now = trainer.Network.GetParameter(name);
            if (name is "dense1.weight" || name.StartsWith("dense2")) Assert.NotEqual(values, now);
            else Assert.Equal(values, now);
        }
    }

    [Fact]
    public void AFrozenZeroKeepsItsSign()
    {
        using var device = new CpuDevice(1);
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, Options with { Freeze = ["dense1.bias"] });
        var zeros = new float[12];
        Array.Fill(zeros, -0f);
        trainer.Network.SetParameter("dense1.bias", zeros);
        trainer.Run();
        Assert.All(trainer.Network.GetParameter("dense1.bias"), value => Assert.True(value == 0 && float.IsNegative(value)));
    }

    [Fact]
    public void FreezingInTheMiddleDoesNotChangeTheGradientsOfOtherLayers()
    {
        // Batch normalization is not frozen here: it would use its running statistics.
        var model = new Model(
            "middle", TensorShape.Image(6, 6, 2), new Conv2dLayer(4, 3), new Conv2dLayer(4, 3) { Activation = Activation.Relu }, new FlattenLayer(),
            new DenseLayer(5) { Activation = Activation.Relu }, new DenseLayer(3));
        using var device = new CpuDevice(1);
        using var network = new Network(model, device);
        var random = new Random(2);
        float[] input = [.. Enumerable.Range(0, 4 * 72).Select(_ => random.NextSingle())];
        var expected = Gradients(new TrainingOptions());
        var frozen = Gradients(new TrainingOptions { Freeze = ["conv2", "dense1"] });
        foreach (var (name, gradient) in expected)
        {
            if (name.StartsWith("conv2") || name.StartsWith("dense1")) Assert.All(frozen[name], value => Assert.Equal(0, value));
            else Assert.Equal(gradient, frozen[name]);
        }

        Dictionary<string, float[]> Gradients(TrainingOptions options)
        {
            using var runner = new StepRunner(network, 4, options);
            runner.SetBatch(input, [0, 1, 2, 0]);
            runner.ForwardBackward();
            var gradients = model.Parameters.ToDictionary(parameter => parameter.Name, parameter => network.GetGradient(parameter.Name));
            runner.Update();
            foreach (var parameter in model.Parameters)
                network.Memory.Set(parameter.Name, ParameterSampler.Sample(parameter, 1, null));
            return gradients;
        }
    }

    [Fact]
    public void FrozenBatchNormalizationPassesTheGradientOfItsRunningStatistics()
    {
        // With running statistics, batch normalization is a factor and a shift for each channel: the same as dense weights scaled by hand.
        var model = new Model("bn", TensorShape.Features(3), new DenseLayer(4) { Bias = false }, new BatchNormLayer(), new DenseLayer(2));
        using var device = new CpuDevice(1);
        using var network = new Network(model, device);
        network.SetParameter("batchnorm1.running_variance", [4, 1, 0.25f, 16]);
        network.SetParameter("batchnorm1.running_mean", [1, 2, 3, 4]);
        float[] input = [1, 2, 3];
        using var runner = new StepRunner(network, 1, new TrainingOptions { Freeze = ["batchnorm1"] });
        runner.SetBatch(input, [1]);
        runner.ForwardBackward();
        var gradient = network.GetGradient("dense1.weight");
        var outputs = runner.ReadOutput();
        Assert.Equal(runner.Evaluate(), outputs);
        var share = 1 / (1 + Math.Exp(outputs[1] - outputs[0]));
        var second = network.GetParameter("dense2.weight");
        double[] deviations = [2, 1, 0.5, 4];
        for (var i = 0; i < 3; i++)
            for (var k = 0; k < 4; k++)
                Assert.Equal(input[i] * share * (second[k * 2] - second[k * 2 + 1]) / deviations[k], gradient[i * 4 + k], 1e-4);
    }

    [Fact]
    public void LearningRateScalesApplyToTheirParameters()
    {
        using var device = new CpuDevice(1);
        var plain = Change(Options);
        var scaled = Change(Options with { LearningRateScales = [new("*", 0.5f), new("conv1.*", 0.25f)] });
        Assert.Equal(0.25, scaled.Convolution / plain.Convolution, 1e-3);
        Assert.Equal(0.5, scaled.Dense / plain.Dense, 1e-3);

        (double Convolution, double Dense) Change(TrainingOptions options)
        {
            using var trainer = new Trainer(
                SmallData.Network(), SmallData.Squares(), device, options with { Optimizer = OptimizerKind.Sgd, Steps = 1, WeightDecay = 0 });
            var names = new[] { "conv1.weight", "dense2.weight" };
            var before = names.Select(trainer.Network.GetParameter).ToArray();
            trainer.Run();
            var sums = names.Select((name, i) => trainer.Network.GetParameter(name).Zip(before[i], (a, b) => Math.Abs((double)a - b)).Sum()).ToArray();
            return (sums[0], sums[1]);
        }
    }

    [Fact]
    public void PatternsAreChecked()
    {
        Assert.Contains("no parameter of the model 'small' matches 'conv9.*'", Message(Options with { Freeze = ["conv9.*"] }));
        Assert.Contains("conv1.weight", Message(Options with { Freeze = ["conv9.*"] }));
        Assert.Contains("lr-scale: no parameter", Message(Options with { LearningRateScales = [new("x", 1)] }));
        Assert.Contains("must be a number above 0", Message(Options with { LearningRateScales = [new("conv1", 0)] }));
        Assert.Contains("nothing is left to train", Message(Options with { Freeze = ["*"] }));

        static string Message(TrainingOptions options)
        {
            using var device = new CpuDevice(1);
            return Assert.Throws<TrainingException>(() => new Trainer(SmallData.Network(), SmallData.Squares(), device, options)).Message;
        }
    }

    [Fact]
    public void AResumedRunIsBitwiseIdentical()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(2);
        using (var source = new Trainer(SmallData.Network(), SmallData.Squares(), device, Options with { OutputFolder = folder.File("source") })) source.Run();
        var options = Options with
        {
            Epochs = 4, InitFile = folder.File("source"), Freeze = ["conv1", "batchnorm1"], LearningRateScales = [new("dense1", 0.1f)], Ema = 0.99f,
        };
        using var whole = new Trainer(SmallData.Network(), SmallData.Squares(), device, options with { OutputFolder = folder.File("whole") });
        whole.Run();
        using (var first = new Trainer(
            SmallData.Network(), SmallData.Squares(), device, options with { Epochs = 2, OutputFolder = folder.File("parts") })) first.Run();
        Assert.Equal(["conv1", "batchnorm1"], RunFolder.Open(folder.File("parts")).Configuration.Options.Freeze);
        using var second = Trainer.Resume(folder.File("parts"), SmallData.Squares(), device, given => given with { Epochs = 4 });
        second.Run();
        Assert.All(
            whole.Network.Model.Parameters,
            parameter => Assert.Equal(whole.Network.GetParameter(parameter.Name), second.Network.GetParameter(parameter.Name)));
    }
}
