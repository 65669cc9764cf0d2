using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>An operation to time.</summary>
/// <param name="Name">what it is: <c>conv_fwd</c></param>
/// <param name="Shape">on what: <c>N128_28x28_1to32_valid</c></param>
/// <param name="Flops">floating-point operations, 2 a multiply-add; 0 where bytes are what counts</param>
/// <param name="Bytes">what its arguments must be read and written for, each once; 0 where operations are what counts</param>
/// <param name="Prepare">allocates the arguments and gives what records the operation</param>
internal sealed record OperationCase(string Name, string Shape, long Flops, long Bytes, Func<BenchMemory, Action<IExecutor>> Prepare)
{
    /// <summary>Name and shape together.</summary>
    public string Id => $"{Name}_{Shape}";
}

/// <summary>Arguments of operations: device memory that lives as long as a measurement.</summary>
internal sealed class BenchMemory(ComputeDevice device) : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly Random _random = new(1);

    public ComputeDevice Device => device;

    /// <summary>Zeros.</summary>
    public DeviceView Zeros(int words) => Own(device.Allocate(words)).View;

    /// <summary>Uniform numbers in [-0.5, 0.5).</summary>
    public DeviceView Random(int words)
    {
        // A block of numbers is repeated: making tens of millions of them would take longer than the measurement.
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

    /// <summary>Integers from 0 up to <paramref name="classes"/>.</summary>
    public DeviceView Labels(int count, int classes)
    {
        var labels = new int[count];
        for (var i = 0; i < count; i++) labels[i] = _random.Next(classes);
        var view = Zeros(count);
        device.Upload<int>(labels, view);
        return view;
    }

    /// <summary>A <see cref="StepStateLayout"/> of the first step, with a learning rate that does not move anything far.</summary>
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

    /// <summary>Disposes something with the memory.</summary>
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
