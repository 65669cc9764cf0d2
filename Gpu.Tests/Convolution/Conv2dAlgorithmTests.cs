using Gpu.Kernels;
using Gpu.Kernels.Devices;
using ILGPU;

namespace Gpu.Tests.Convolution;

public class Conv2dAlgorithmTests
{
    private static readonly Conv2dDevice Cpu = new(IsGpu: false, null, null);
    private static readonly Conv2dDevice Plain = new(IsGpu: true, null, null);
    private static readonly Conv2dDevice Groups = new(IsGpu: true, new GroupLimits(1024, 48 * 1024, 132), null);
    private static readonly Conv2dDevice TensorCores =
        Groups with { TensorCores = new FakeLauncher(MatrixPrecision.Tf32, MinWork: 1 << 20, Multiprocessors: 132) };

    private static readonly Conv2dShape Wide = Square(128, 32, 64, 64);
    private static readonly Conv2dShape Narrow = Square(128, 28, 1, 32);
    private static readonly Conv2dShape LargeDense = Conv2dShape.Dense(128, 1024, 1024);

    public static TheoryData<string, string, string, string, Conv2dAlgorithm> Choices => new()
    {
        { "cpu", "wide", "Forward", "Auto", Conv2dAlgorithm.Winograd },
        { "cpu", "wide", "InputGradient", "Auto", Conv2dAlgorithm.Winograd },
        { "cpu", "wide", "WeightGradient", "Auto", Conv2dAlgorithm.Winograd },
        { "cpu", "wide", "Forward", "Direct", Conv2dAlgorithm.Direct },
        { "cpu", "narrow", "Forward", "Auto", Conv2dAlgorithm.Direct },
        { "cpu", "narrow", "Forward", "Winograd", Conv2dAlgorithm.Direct },
        { "cpu", "dense", "Forward", "Auto", Conv2dAlgorithm.MatrixProduct },
        { "cpu", "dense", "WeightGradient", "Auto", Conv2dAlgorithm.MatrixProduct },
        { "cpu", "small dense", "Forward", "Auto", Conv2dAlgorithm.Direct },
        { "cpu", "wide", "Forward", "ImplicitGemm", Conv2dAlgorithm.Winograd },
        { "plain", "wide", "Forward", "Auto", Conv2dAlgorithm.Direct },
        { "plain", "wide", "Forward", "Winograd", Conv2dAlgorithm.Winograd },
        { "plain", "dense", "Forward", "Auto", Conv2dAlgorithm.Direct },
        { "plain", "dense", "Forward", "MatrixProduct", Conv2dAlgorithm.Direct },
        { "groups", "wide", "Forward", "Auto", Conv2dAlgorithm.ImplicitGemm },
        { "groups", "wide", "WeightGradient", "Auto", Conv2dAlgorithm.ImplicitGemm },
        { "groups", "wide", "Forward", "Direct", Conv2dAlgorithm.Direct },
        { "cpu", "depthwise", "Forward", "Auto", Conv2dAlgorithm.Depthwise },
        { "cpu", "depthwise", "Forward", "Winograd", Conv2dAlgorithm.Depthwise },
        { "cpu", "depthwise", "WeightGradient", "Direct", Conv2dAlgorithm.Direct },
        { "cpu", "wide", "Forward", "Depthwise", Conv2dAlgorithm.Winograd },
        { "groups", "depthwise", "Forward", "Auto", Conv2dAlgorithm.Depthwise },
        { "groups", "depthwise", "InputGradient", "Auto", Conv2dAlgorithm.Depthwise },
        { "tensor cores", "depthwise", "WeightGradient", "TensorCore", Conv2dAlgorithm.Depthwise },
        { "tensor cores", "wide", "Forward", "Auto", Conv2dAlgorithm.TensorCore },
        { "tensor cores", "wide", "InputGradient", "Auto", Conv2dAlgorithm.TensorCore },
        { "tensor cores", "wide", "WeightGradient", "Auto", Conv2dAlgorithm.TensorCore },
        { "tensor cores", "narrow", "Forward", "Auto", Conv2dAlgorithm.ImplicitGemm },
        { "tensor cores", "small dense", "Forward", "Auto", Conv2dAlgorithm.ImplicitGemm },
        { "tensor cores", "small dense", "Forward", "TensorCore", Conv2dAlgorithm.TensorCore },
        { "tensor cores", "wide", "Forward", "ImplicitGemm", Conv2dAlgorithm.ImplicitGemm },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void ChoosesByShapePassAndDevice(string device, string shape, string pass, string requested, Conv2dAlgorithm expected)
    {
        var sizes = shape switch
        {
            "wide" => Wide,
            "narrow" => Narrow,
            "dense" => LargeDense,
            "small dense" => Conv2dShape.Dense(16, 32, 16),
            _ => Wide with { Groups = 64 },
        };
        var on = device switch { "cpu" => Cpu, "plain" => Plain, "groups" => Groups, _ => TensorCores };
        Assert.Equal(expected, Conv2dAlgorithms.Choose(sizes with { Algorithm = Enum.Parse<Conv2dAlgorithm>(requested) }, Enum.Parse<Conv2dPass>(pass), on));
    }

    [Fact]
    public void WinogradNeedsEnoughTilesAndChannels()
    {
        Assert.Equal(Conv2dAlgorithm.Direct, Conv2dAlgorithms.Choose(Square(1, 8, 256, 256), Conv2dPass.Forward, Cpu));
        Assert.Equal(Conv2dAlgorithm.Winograd, Conv2dAlgorithms.Choose(Square(4, 8, 256, 256), Conv2dPass.Forward, Cpu));
        Assert.Equal(Conv2dAlgorithm.Direct, Conv2dAlgorithms.Choose(Square(4, 8, 256, 256), Conv2dPass.WeightGradient, Cpu));
        Assert.Equal(Conv2dAlgorithm.Direct, Conv2dAlgorithms.Choose(Square(128, 2, 64, 64), Conv2dPass.Forward, Cpu));
    }

    [Fact]
    public void UnknownAlgorithmThrows() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Conv2dAlgorithms.Choose(Wide with { Algorithm = (Conv2dAlgorithm)17 }, Conv2dPass.Forward, Cpu));

    private static Conv2dShape Square(int batch, int side, int inputs, int outputs) => new()
    {
        Batch = batch, InputHeight = side, InputWidth = side, InputChannels = inputs, OutputChannels = outputs, KernelHeight = 3, KernelWidth = 3,
        PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1,
    };

    private sealed record FakeLauncher(MatrixPrecision Precision, long MinWork, int Multiprocessors) : ITensorCoreLauncher
    {
        public ArrayView<float> View(DeviceView view) => throw new NotSupportedException();

        public long Address(DeviceView view) => throw new NotSupportedException();

        public void LaunchGroups<TKernel>(in TKernel kernel, int groups, int threads)
            where TKernel : struct, IGroupedKernel => throw new NotSupportedException();
    }
}
