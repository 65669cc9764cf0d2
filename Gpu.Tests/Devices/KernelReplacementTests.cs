using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Xunit.Sdk;

namespace Gpu.Tests.Devices;

/// <summary>A grouped kernel that the driver refuses is replaced by the plain kernels of its operation.</summary>
public class KernelReplacementTests
{
    private const string Refused = "GroupedBatchNormGradientSums";

    [Fact]
    public void TrainingGoesOnWithPlainKernels()
    {
        var expected = Train(device => device.ReplaceKernel(Refused, "as asked"));
        List<KernelReplacement> reported = [];
        var got = Train(device =>
        {
            device.Kernels.Refuses = kernel => KernelName.Of(kernel) == Refused;
            device.KernelReplaced += reported.Add;
        });
        Assert.Equal(expected, got);
        var one = Assert.Single(reported);
        Assert.Equal(Refused, one.Kernel);
        Assert.Contains("refused for a test", one.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void APlainKernelThatIsRefusedIsAnError()
    {
        using var device = TestDevices.Simulator(usesGroups: true);
        device.Kernels.Refuses = kernel => KernelName.Of(kernel) == "ActivationForward";
        using var buffer = device.Allocate(16);
        Assert.Throws<DriverException>(() => ActivationOps.Forward(device, Activation.Relu, buffer.View, buffer.View));
    }

    [Fact]
    public void OraclesReportReplacedKernels()
    {
        using var device = TestDevices.Simulator(usesGroups: true);
        Oracle.RequireNoReplacedKernel(device);
        device.ReplaceKernel(Refused, "as asked");
        var failure = Assert.ThrowsAny<XunitException>(() => Oracle.RequireNoReplacedKernel(device));
        Assert.Contains(Refused + ", because as asked", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyTheLaunchesOfTheOperationAreReplaced()
    {
        const int rows = 64, channels = 8;
        using var device = TestDevices.Simulator(usesGroups: true);
        using var memory = device.Allocate(4 * rows * channels + 8 * channels + BatchNorm.WorkspaceLength(rows, channels));
        var at = 0;
        DeviceView Next(int words) => memory.View.Slice((at += words) - words, words);
        var (x, y, d, g) = (Next(rows * channels), Next(rows * channels), Next(rows * channels), Next(rows * channels));
        var parameters = new BatchNormParameters(Next(channels), Next(channels), Next(channels), Next(channels));
        var (saved, gradients) = (new BatchNormSaved(Next(channels), Next(channels)), new BatchNormGradients(Next(channels), Next(channels)));
        var workspace = Next(BatchNorm.WorkspaceLength(rows, channels));
        device.Kernels.Refuses = kernel => KernelName.Of(kernel) == Refused;
        var part = new CommandList(device);
        ActivationOps.Forward(part, Activation.Relu, x, y);
        BatchNorm.Backward(part, rows, channels, x, d, parameters, saved, g, gradients, Activation.None, workspace);
        ActivationOps.Forward(part, Activation.Relu, g, y);
        var list = new CommandList(device);
        list.Append(part);
        list.Append(part);
        list.Run();
        var names = list.KernelNames.ToArray();
        Assert.DoesNotContain(Refused, names);
        Assert.Equal(4, names.Count(name => name == "ActivationForward"));
        Assert.Equal(names[..(names.Length / 2)], names[(names.Length / 2)..]);
        Assert.Equal(("ActivationForward", "ActivationForward"), (names[0], names[^1]));
        Assert.DoesNotContain(names, name => name.StartsWith("GroupedBatchNorm", StringComparison.Ordinal));
    }

    private static float[] Train(Action<AcceleratorDevice> prepare)
    {
        using var device = TestDevices.Simulator(usesGroups: true);
        prepare(device);
        var model = new Model(
            "m", TensorShape.Image(4, 4, 2), new Conv2dLayer(4, 3) { Padding = 1 }, new BatchNormLayer { Activation = Activation.Relu }, new FlattenLayer(),
            new DenseLayer(3));
        using var network = new Network(model, device);
        using var runner = new StepRunner(network, 4);
        runner.SetBatch([.. Enumerable.Range(0, 4 * 32).Select(i => MathF.Sin(i))], [0, 1, 2, 1]);
        for (var step = 0; step < 3; step++) runner.Step();
        return [.. model.Parameters.SelectMany(parameter => network.GetParameter(parameter.Name))];
    }
}
