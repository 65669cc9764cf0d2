using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>An operation to time.</summary>
/// <param name="Name">operation: <c>conv_fwd</c></param>
/// <param name="Shape">shape of its arguments: <c>N128_28x28_1to32_valid</c></param>
/// <param name="Flops">floating-point operations, 2 per multiply-add; 0 for memory-bound operations</param>
/// <param name="Bytes">bytes read plus bytes written, each argument once; 0 for compute-bound operations</param>
/// <param name="Prepare">allocates the arguments and returns the action that records the operation</param>
internal sealed record OperationCase(string Name, string Shape, long Flops, long Bytes, Func<BenchMemory, Action<IExecutor>> Prepare)
{
    /// <summary>Name and shape.</summary>
    public string Id => $"{Name}_{Shape}";
}

/// <summary>Owns the device memory of a measurement: the arguments of the operation.</summary>
internal sealed class BenchMemory(ComputeDevice device) : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly Random _random = new(1);

    public ComputeDevice Device => device;

    /// <summary>Allocates words set to 0.</summary>
    public DeviceView Zeros(int words) => Own(device.Allocate(words)).View;

    /// <summary>Allocates uniform random numbers in [-0.5, 0.5).</summary>
    public DeviceView Random(int words)
    {
        // Repeats a block of numbers: generating tens of millions takes longer than the measurement.
        const int Block = 1 << 16;
        var numbers = new float[Math.Min(words, Block)];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = _random.NextSingle() - 0.5f;
        var view = Zeros(words);
        for (var at = 0; at < words; at += Block)
        {
            var count = Math.Min(Block, words - at);
            device.Upload<float>(numbers.AsSpan(0, count), view.Slice(at, count));
        }

        return view;
    }

    /// <summary>Allocates random labels, integers at least 0 and below <paramref name="classes"/>.</summary>
    public DeviceView Labels(int count, int classes)
    {
        var labels = new int[count];
        for (var i = 0; i < count; i++) labels[i] = _random.Next(classes);
        var view = Zeros(count);
        device.Upload<int>(labels, view);
        return view;
    }

    /// <summary>Allocates the step state (<see cref="StepStateLayout"/>) of step 1. A tiny learning rate keeps repeated updates stable.</summary>
    public DeviceView StepState()
    {
        var view = Zeros(Gpu.Kernels.StepStateLayout.Words);
        Span<int> words = stackalloc int[Gpu.Kernels.StepStateLayout.Words];
        words[Gpu.Kernels.StepStateLayout.Step] = 1;
        words[Gpu.Kernels.StepStateLayout.LearningRate] = BitConverter.SingleToInt32Bits(1e-6f);
        words[Gpu.Kernels.StepStateLayout.GradientScale] = BitConverter.SingleToInt32Bits(1f);
        device.Upload<int>(words, view);
        return view;
    }

    /// <summary>Takes ownership: disposes the object together with the memory.</summary>
    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    public void Dispose()
    {
        foreach (var owned in _owned) owned.Dispose();
        _owned.Clear();
    }
}
