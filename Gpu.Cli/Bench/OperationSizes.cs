using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>Sizes of the operations of <c>bench ops</c>.</summary>
internal sealed record OperationSizes
{
    /// <summary>Sizes for CPUs: shapes of the built-in networks at batch size 128, and tensors larger than any cache.</summary>
    public static OperationSizes Cpu { get; } = new()
    {
        Batch = 128,
        Matrices = [512, 1024, 2048],
        DenseLayers = [(1600, 64), (784, 128), (784, 64)],
        Convolutions = [(28, 1, 32, 0), (13, 32, 64, 0), (32, 64, 64, 1), (16, 128, 128, 1), (8, 256, 256, 1)],
        DepthwiseConvolutions = [(128, 32, 64), (128, 16, 128), (16, 56, 64)],
        Poolings = [(32, 26), (64, 32)],
        Channels = 64,
        Side = 32,
        Classes = [10, 1000],
        Parameters = [1_000_000, 10_000_000, 50_000_000],
    };

    /// <summary>Sizes for GPUs: the same shapes at batch size 512, those of resnet20, and larger matrices, to occupy the whole device.</summary>
    public static OperationSizes Gpu { get; } = Cpu with
    {
        Batch = 512,
        Matrices = [512, 1024, 2048, 4096],
        Convolutions = [.. Cpu.Convolutions, (32, 16, 16, 1), (16, 32, 32, 1), (8, 64, 64, 1)],
    };

    /// <summary>Sizes for the simulator, which is too slow to measure: they only show that every operation runs.</summary>
    public static OperationSizes Tiny { get; } = new()
    {
        Batch = 2,
        Matrices = [8],
        DenseLayers = [(12, 8)],
        Convolutions = [(5, 1, 4, 0), (4, 4, 4, 1)],
        DepthwiseConvolutions = [(2, 5, 4)],
        Poolings = [(4, 4)],
        Channels = 4,
        Side = 4,
        Classes = [10],
        Parameters = [320],
    };

    /// <summary>Batch size.</summary>
    public required int Batch { get; init; }

    /// <summary>Sizes n of n x n matrices.</summary>
    public required IReadOnlyList<int> Matrices { get; init; }

    /// <summary>Dense layers.</summary>
    public required IReadOnlyList<(int Inputs, int Outputs)> DenseLayers { get; init; }

    /// <summary>3x3 convolutions: image side, channels and padding.</summary>
    public required IReadOnlyList<(int Side, int Inputs, int Outputs, int Padding)> Convolutions { get; init; }

    /// <summary>3x3 depthwise convolutions with padding 1: batch size, image side and channels.</summary>
    public required IReadOnlyList<(int Batch, int Side, int Channels)> DepthwiseConvolutions { get; init; }

    /// <summary>2x2 poolings: channels and image side.</summary>
    public required IReadOnlyList<(int Channels, int Side)> Poolings { get; init; }

    /// <summary>Channels of the tensors for elementwise operations and normalization.</summary>
    public required int Channels { get; init; }

    /// <summary>Height and width of these tensors.</summary>
    public required int Side { get; init; }

    /// <summary>Numbers of classes for losses.</summary>
    public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>Numbers of parameters for optimizers, multiples of 16.</summary>
    public required IReadOnlyList<int> Parameters { get; init; }

    /// <summary>Returns the sizes for a device.</summary>
    public static OperationSizes For(ComputeDevice device) => device switch
    {
        CpuDevice => Cpu,
        AcceleratorDevice { Accelerator.AcceleratorType: ILGPU.Runtime.AcceleratorType.CPU } => Tiny,
        _ => Gpu,
    };
}
