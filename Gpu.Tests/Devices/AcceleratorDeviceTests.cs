using Gpu.Cli.Checks;
using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Gpu.Tests.Devices;

/// <summary>An <see cref="AcceleratorDevice"/> on an ILGPU accelerator, stream and views that the caller owns.</summary>
public class AcceleratorDeviceTests
{
    private static readonly Conv2dShape Shape = Conv2dShapes.Named.First();

    [Fact]
    public void OperationsRunOnTheCallersAcceleratorStreamAndViews()
    {
        using var context = Context.Create(builder => builder.DefaultCPU());
        using var accelerator = context.GetPreferredDevice(preferCPU: true).CreateAccelerator(context);
        using var stream = accelerator.CreateStream();
        var random = new Random(3);
        var input = Enumerable.Range(0, Shape.InputLength).Select(_ => random.NextSingle()).ToArray();
        var weights = Enumerable.Range(0, Shape.WeightLength).Select(_ => random.NextSingle()).ToArray();

        // One allocation of the caller, cut into views.
        using var memory = accelerator.Allocate1D<float>(16_384 + Conv2d.WorkspaceLength(Shape));
        var x = memory.View.BaseView.SubView(0, input.Length);
        var w = memory.View.BaseView.SubView(1024, weights.Length);
        var y = memory.View.BaseView.SubView(4096, Shape.OutputLength);
        var scratch = memory.View.BaseView.SubView(16_384, Conv2d.WorkspaceLength(Shape));
        x.CopyFromCPU(stream, input);
        w.CopyFromCPU(stream, weights);

        using (var device = new AcceleratorDevice(accelerator, stream))
        {
            Assert.Same(stream, device.Stream);
            Conv2d.Forward(device, Shape, device.Wrap(x), device.Wrap(w), default, device.Wrap(y), Activation.None, device.Wrap(scratch));
            stream.Synchronize();
        }

        // Disposing the device leaves the memory and the stream of the caller usable.
        var got = new float[Shape.OutputLength];
        y.CopyToCPU(stream, got);
        stream.Synchronize();
        var expected = Conv2dReference.Forward(Shape, input, weights);
        for (var i = 0; i < got.Length; i++) Assert.InRange(Math.Abs(expected[i] - got[i]), 0, 1e-5);
    }

    [Fact]
    public void MemoryOfAnotherDeviceThrows()
    {
        using var cpu = new CpuDevice(1);
        using var device = Oracles.TestDevices.Simulator();
        using var theirs = cpu.Allocate(64);
        using var ours = device.Allocate(64);
        var error = Assert.Throws<ArgumentException>(() => ActivationOps.Forward(device, Activation.Relu, theirs.View, ours.View));
        Assert.Contains("CPU", error.Message, StringComparison.Ordinal);
    }
}
