using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution;

public class PackedConv2dTests
{
    private static readonly Conv2dShape Padded = new()
    {
        Batch = 1, InputHeight = 8, InputWidth = 8, InputChannels = 16, OutputChannels = 48, KernelHeight = 3, KernelWidth = 3, PaddingTop = 1,
        PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1,
    };

    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(PackedConv2dChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(PackedConv2dChecks), check, device);

    [Fact]
    public void TheAlgorithmIsTheOneThatPays()
    {
        using var device = new CpuDevice(threads: 1);
        Assert.Equal(Conv2dAlgorithm.Winograd, Algorithm(Padded));
        // Few pixels; many incomplete tiles.
        Assert.Equal(Conv2dAlgorithm.Direct, Algorithm(Padded with { InputHeight = 6, InputWidth = 6 }));
        Assert.Equal(Conv2dAlgorithm.Winograd, Algorithm(Padded with { InputHeight = 6, InputWidth = 6, Batch = 2 }));
        Assert.Equal(Conv2dAlgorithm.Direct, Algorithm(Padded with { InputHeight = 5, InputWidth = 5, Batch = 16 }));
        Assert.Equal(Conv2dAlgorithm.Direct, Algorithm(Conv2dShape.Dense(1, 512, 10)));
        Assert.Equal(Conv2dAlgorithm.MatrixProduct, Algorithm(Conv2dShape.Dense(16, 160, 640)));
        Assert.Equal(new(Conv2dAlgorithm.Depthwise, 0), PackedConv2d.Layout(device, Padded with { OutputChannels = 16, Groups = 16 }));
        // Layouts that plans of several batches share.
        Assert.Equal(PackedConv2d.Layout(device, Padded), PackedConv2d.Layout(device, Padded with { Batch = 9 }));

        Conv2dAlgorithm Algorithm(Conv2dShape shape) => PackedConv2d.Layout(device, shape).Algorithm;
    }

    [Fact]
    public void OtherDevicesReadTheWeightsAsTheyAre()
    {
        using var device = DeviceCatalog.Open("simulator");
        Assert.Equal(0, PackedConv2d.Layout(device, Padded).Words);
        using var memory = device.Allocate(Padded.WeightLength);
        var error = Assert.Throws<ArgumentException>(() => PackedConv2d.Pack(device, Padded, memory.View, default));
        Assert.Contains("Use Conv2d.Forward", error.Message);
    }
}
