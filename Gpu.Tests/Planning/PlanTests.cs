using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Planning;

public class PlanTests
{
    public static TheoryData<string> Models => ["cnn2", "lenet_bn28", "resnet20"];

    [Theory]
    [MemberData(nameof(Models))]
    public void StepAllocatesNothing(string name)
    {
        using var device = new CpuDevice(threads: 2);
        using var network = new Network(BuiltInModels.Get(name), device);
        using var runner = new StepRunner(network, 4, new TrainingOptions { ClipNorm = 1, Ema = 0.9f });
        SetRandomBatch(runner, network.Model, 4);
        for (var i = 0; i < 3; i++) Step();
        var onDevice = device.AllocatedBytes;
        // The runtime itself allocates now and then, for example when it first wakes a thread. An allocation by each step would appear in every round.
        var rounds = Enumerable.Range(0, 3).Select(_ => Round()).ToArray();
        Assert.Equal(0, rounds.Min());
        Assert.Equal(0, device.AllocatedBytes - onDevice);

        long Round()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++) Step();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Step()
        {
            runner.Step();
            runner.ReadLoss();
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void ActivationMemoryIsReused(string name)
    {
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(BuiltInModels.Get(name), device);
        using var plans = new PlanCache(network.Memory, device, new PlanSettings());
        var training = plans.Training(8).Layout;
        var evaluation = plans.Evaluation(8).Layout;
        Assert.True(training.Words < 0.8 * training.WordsWithoutSharing, $"training: {training.Words} of {training.WordsWithoutSharing} words");
        Assert.True(evaluation.Words < 0.5 * training.Words, $"evaluation: {evaluation.Words}, training: {training.Words} words");
    }

    [Fact]
    public void SmallerBatchUsesTheSameMemory()
    {
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(BuiltInModels.Get("lenet_bn28"), device);
        using var plans = new PlanCache(network.Memory, device, new PlanSettings());
        plans.Reserve([16, 5], [32, 7]);
        var before = device.AllocatedBytes;
        var plan = plans.Training(16);
        foreach (var batch in new[] { 2, 3, 5, 9, 15 }) plans.Training(batch);
        plans.Evaluation(11);
        Assert.Equal(before, device.AllocatedBytes);
        Assert.Same(plan, plans.Training(16));
    }

    [Fact]
    public void GradientsOfTwoHalvesAddUpToThatOfTheBatch()
    {
        // Without batch statistics, the gradients of two halves add up to twice the gradient of the whole batch.
        var model = Classifier(new Conv2dLayer(5, 3) { Activation = Activation.Relu }, new MaxPool2dLayer(2), new FlattenLayer(), new DenseLayer(4));
        using var device = new CpuDevice(threads: 2);
        using var network = new Network(model, device);
        using var runner = new StepRunner(network, 6);
        var (inputs, labels) = RandomBatch(model, 6);
        runner.SetBatch(inputs, labels);
        runner.ForwardBackward();
        var whole = network.GetGradient("conv1.weight");
        device.Clear(network.Memory.Gradients);
        foreach (var half in new[] { 0, 1 })
        {
            runner.SetBatch(inputs.AsSpan(half * inputs.Length / 2, inputs.Length / 2), labels.AsSpan(half * 3, 3));
            runner.ForwardBackward();
        }

        var sum = network.GetGradient("conv1.weight");
        Assert.All(whole.Zip(sum), pair => Assert.Equal(2 * pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void ActivationsAreFused()
    {
        var model = Classifier(
            new Conv2dLayer(4, 3), new ActivationLayer(Activation.Relu), new MaxPool2dLayer(2), new FlattenLayer(),
            new DenseLayer(5) { Activation = new Activation(ActivationKind.Tanh) },
            new DropoutLayer(0.5f), new DenseLayer(4));
        var names = LaunchNames(model);
        Assert.DoesNotContain(names, name => name.StartsWith("Activation", StringComparison.Ordinal));
    }

    [Fact]
    public void MaxPool2x2IsFusedWithThePrecedingBatchNorm()
    {
        var names = LaunchNames(Classifier(
            new Conv2dLayer(4, 3), new BatchNormLayer { Activation = Activation.Relu }, new MaxPool2dLayer(2), new FlattenLayer(), new DenseLayer(4)));
        Assert.Single(names, name => name == "BatchNormMaxPoolForward");
        Assert.Single(names, name => name == "BatchNormMaxPoolInputGradient");
        Assert.DoesNotContain(names, name => name.StartsWith("MaxPool", StringComparison.Ordinal) || name == "BatchNormForward");
        // No fusion for other windows, or if another layer also reads the output of the batch normalization.
        names = LaunchNames(Classifier(
            new Conv2dLayer(4, new Extent(2, 3)), new BatchNormLayer(), new ResidualBlock(new MaxPool2dLayer(2)) { Shortcut = Shortcut.ZeroPadded },
            new BatchNormLayer(), new MaxPool2dLayer(3) { Stride = 1 }, new FlattenLayer(), new DenseLayer(4)));
        Assert.Equal(2, names.Count(name => name == "BatchNormForward"));
    }

    [Fact]
    public void GeluIsNotFused()
    {
        var names = LaunchNames(Classifier(new FlattenLayer(), new DenseLayer(5) { Activation = new Activation(ActivationKind.Gelu) }, new DenseLayer(4)));
        Assert.Single(names, name => name == "ActivationForward");
        Assert.Single(names, name => name == "ActivationBackward");
    }

    [Fact]
    public void FirstLayerComputesNoInputGradient()
    {
        // Two convolutions have three direct convolutions forward and backward, not four: weight gradients are another kernel.
        var one = LaunchNames(Classifier(new Conv2dLayer(4, 3), new FlattenLayer(), new DenseLayer(4))).Count(name => name == "DirectConv2d");
        var two = LaunchNames(Classifier(new Conv2dLayer(4, 3), new Conv2dLayer(4, 3), new FlattenLayer(), new DenseLayer(4)))
            .Count(name => name == "DirectConv2d");
        Assert.Equal(2, two - one);
        Assert.Equal(3, one);
    }

    [Fact]
    public void EvaluationUsesRunningStatisticsAndNoDropout()
    {
        var model = Classifier(new Conv2dLayer(4, 3), new BatchNormLayer(), new DropoutLayer(0.9f), new GlobalAvgPool2dLayer());
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(model, device);
        using var runner = new StepRunner(network, 3);
        network.SetParameter("batchnorm1.running_variance", [4f, 4f, 4f, 4f]);
        SetRandomBatch(runner, model, 3);
        var outputs = runner.Evaluate();
        network.SetParameter("batchnorm1.running_variance", [1f, 1f, 1f, 1f]);
        Assert.All(runner.Evaluate().Zip(outputs), pair => Assert.Equal(pair.First, 2 * pair.Second, 1e-4));
    }

    [Fact]
    public void SimulatorLossesAreNearThoseOfTheCpu()
    {
        var model = Classifier(
            new Conv2dLayer(4, 3) { Bias = false }, new BatchNormLayer { Activation = Activation.Relu }, new MaxPool2dLayer(2),
            new DropoutLayer(0.2f),
            new FlattenLayer(), new DenseLayer(5) { Activation = Activation.Relu }, new DenseLayer(4));
        var losses = new List<float[]>();
        foreach (var name in new[] { TestDevices.Names.First(), "simulator" })
        {
            using var lease = TestDevices.Rent(name);
            var device = lease.Device;
            using var network = new Network(model, device);
            using var runner = new StepRunner(network, 4);
            SetRandomBatch(runner, model, 4);
            losses.Add([.. Enumerable.Range(0, 6).Select(_ =>
            {
                runner.Step();
                return runner.ReadLoss();
            })]);
        }

        Assert.All(losses[0].Zip(losses[1]), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * pair.First));
    }

    [Fact]
    public void BatchesOfWrongSizeThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(Classifier(new FlattenLayer(), new DenseLayer(4)), device);
        using var runner = new StepRunner(network, 2);
        Assert.Contains("2 samples of 9x8x3 have 432 values", Assert.Throws<ArgumentException>(() => runner.SetBatch(new float[400], new int[2])).Message);
        Assert.Contains("at most 2", Assert.Throws<ArgumentException>(() => runner.SetBatch(new float[648], new int[3])).Message);
        Assert.Contains("a class for each", Assert.Throws<ModelException>(() => runner.SetBatch(new float[432], new float[8])).Message);
    }

    [Fact]
    public void UnknownParameterSuggestsTheNearest()
    {
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(Classifier(new FlattenLayer(), new DenseLayer(4)), device);
        Assert.Contains("'dense1.weight'?", Assert.Throws<ModelException>(() => network.GetParameter("dense1.weigth")).Message);
        Assert.Contains("864 values (216x4)", Assert.Throws<ModelException>(() => network.SetParameter("dense1.weight", new float[3])).Message);
    }

    private static Model Classifier(params Layer[] layers) => new("m", TensorShape.Image(9, 8, 3), layers);

    private static List<string> LaunchNames(Model model)
    {
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(model, device);
        using var runner = new StepRunner(network, 2);
        return [.. runner.KernelNames];
    }

    private static (float[] Inputs, int[] Labels) RandomBatch(Model model, int batch)
    {
        var random = new Random(5);
        var inputs = Enumerable.Range(0, batch * model.Input.Length).Select(_ => random.NextSingle()).ToArray();
        return (inputs, [.. Enumerable.Range(0, batch).Select(_ => random.Next(model.Output.Length))]);
    }

    private static void SetRandomBatch(StepRunner runner, Model model, int batch)
    {
        var (inputs, labels) = RandomBatch(model, batch);
        runner.SetBatch(inputs, labels);
    }
}
