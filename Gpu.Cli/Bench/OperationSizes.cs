using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>How large the operations are that <c>bench ops</c> times.</summary>
internal sealed record OperationSizes
{
    /// <summary>For CPUs: the shapes of the built-in networks at batch 128, and tensors beyond any cache.</summary>
    public static OperationSizes Cpu { get; } = new()
    {
        Batch = 128,
        Matrices = [512, 1024, 2048],
        DenseLayers = [(1600, 64), (784, 128), (784, 64)],
        Convolutions = [(28, 1, 32, 0), (13, 32, 64, 0), (32, 64, 64, 1), (16, 128, 128, 1), (8, 256, 256, 1)],
        Poolings = [(32, 26), (64, 32)],
        Channels = 64,
        Side = 32,
        Classes = [10, 1000],
        Parameters = [1_000_000, 10_000_000, 50_000_000],
    };

    /// <summary>For GPUs: the same shapes at batch 512, with resnet20's, and larger matrices, so that there is work for all of it.</summary>
    public static OperationSizes Gpu { get; } = Cpu with
    {
        Batch = 512,
        Matrices = [512, 1024, 2048, 4096],
        Convolutions = [.. Cpu.Convolutions, (32, 16, 16, 1), (16, 32, 32, 1), (8, 64, 64, 1)],
    };

    /// <summary>For the simulator, where a thread's step takes microseconds: that every operation runs is what counts.</summary>
    public static OperationSizes Tiny { get; } = new()
    {
        Batch = 2,
        Matrices = [8],
        DenseLayers = [(12, 8)],
        Convolutions = [(5, 1, 4, 0), (4, 4, 4, 1)],
        Poolings = [(4, 4)],
        Channels = 4,
        Side = 4,
        Classes = [10],
        Parameters = [320],
    };

    /// <summary>Samples.</summary>
    public required int Batch { get; init; }

    /// <summary>Sides of square matrices.</summary>
    public required IReadOnlyList<int> Matrices { get; init; }

    /// <summary>Dense layers.</summary>
    public required IReadOnlyList<(int Inputs, int Outputs)> DenseLayers { get; init; }

    /// <summary>3x3 convolutions.</summary>
    public required IReadOnlyList<(int Side, int Inputs, int Outputs, int Padding)> Convolutions { get; init; }

    /// <summary>2x2 poolings.</summary>
    public required IReadOnlyList<(int Channels, int Side)> Poolings { get; init; }

    /// <summary>Channels of what activations and normalisation run over.</summary>
    public required int Channels { get; init; }

    /// <summary>Height and width of it.</summary>
    public required int Side { get; init; }

    /// <summary>Classes of losses.</summary>
    public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>Parameters of optimizers, multiples of 16.</summary>
    public required IReadOnlyList<int> Parameters { get; init; }

    /// <summary>Those that suit a device.</summary>
    public static OperationSizes For(ComputeDevice device) => device switch
    {
        CpuDevice => Cpu,
        AcceleratorDevice { Accelerator.AcceleratorType: ILGPU.Runtime.AcceleratorType.CPU } => Tiny,
        _ => Gpu,
    };
}
