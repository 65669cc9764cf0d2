using Gpu.Cli.Output;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>
/// Checks operations on one device against a double-precision reference: generates inputs, uploads them, downloads the outputs and compares.
/// Outputs are filled with NaN beforehand, so an element that a kernel does not write is detected.
/// </summary>
internal class Checker(ComputeDevice device, string deviceName, int seed) : IDisposable
{
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly Random _random = new(seed);

    public ComputeDevice Device { get; } = device;

    /// <summary>The name of the device in messages.</summary>
    public string DeviceName { get; } = deviceName;

    /// <summary>Whether the device is ILGPU's simulator, which needs a thread of the operating system for each thread of a group.</summary>
    public bool IsSlow => DeviceName is "simulator" || DeviceName.StartsWith("groups", StringComparison.Ordinal);

    /// <summary>The number of comparisons so far.</summary>
    public int Comparisons { get; private set; }

    /// <summary>The largest relative error of all comparisons so far, as a share of its tolerance; comparisons for equality do not count.</summary>
    public double LargestShare { get; private set; }

    /// <summary>Uniform numbers in [from, to).</summary>
    public float[] Uniform(int count, float from = -1, float to = 1)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = from + (to - from) * _random.NextSingle();
        return values;
    }

    /// <summary>An integer from <paramref name="from"/> to <paramref name="to"/>, both included.</summary>
    public int Next(int from, int to) => _random.Next(from, to + 1);

    /// <summary>A random element of the choices.</summary>
    public T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    /// <summary>Random labels in [0, <paramref name="classes"/>).</summary>
    public int[] Labels(int count, int classes)
    {
        var labels = new int[count];
        for (var i = 0; i < count; i++) labels[i] = _random.Next(classes);
        return labels;
    }

    /// <summary>Uploads values. The view does not start at the start of its buffer, so code that ignores the offset is detected.</summary>
    public DeviceView Upload<T>(T[] values)
        where T : unmanaged
    {
        var view = Allocate(Words<T>(values.Length));
        Device.Upload<T>(values, view);
        return view;
    }

    /// <summary>Memory for an output, filled with NaN.</summary>
    public DeviceView Output(int words)
    {
        var view = Allocate(words);
        var nan = new float[words];
        Array.Fill(nan, float.NaN);
        Device.Upload<float>(nan, view);
        return view;
    }

    /// <summary>Downloads the words of a view as floats.</summary>
    public float[] Download(DeviceView view)
    {
        var values = new float[view.Length];
        Device.Download<float>(view, values);
        return values;
    }

    /// <summary>Downloads the words of a view as integers.</summary>
    public int[] DownloadInts(DeviceView view)
    {
        var values = new int[view.Length];
        Device.Download<int>(view, values);
        return values;
    }

    /// <summary>
    /// Compares with the reference: max |got - expected| / max(<paramref name="floor"/>, max |expected|) must be at most <paramref name="tolerance"/>. The
    /// error is recorded under <paramref name="operation"/>.
    /// </summary>
    /// <exception cref="CheckFailedException">it is larger</exception>
    public void Compare(string operation, double[] expected, DeviceView got, double tolerance = 1e-5, double floor = 1e-3, string? shape = null) =>
        Compare(operation, expected, Download(got), tolerance, floor, shape);

    /// <inheritdoc cref="Compare(string,double[],DeviceView,double,double,string?)"/>
    public void Compare(string operation, double[] expected, float[] got, double tolerance = 1e-5, double floor = 1e-3, string? shape = null)
    {
        Require.Equal(expected.Length, got.Length);
        var scale = floor;
        foreach (var value in expected) scale = Math.Max(scale, Math.Abs(value));
        var worst = 0.0;
        var at = 0;
        for (var i = 0; i < got.Length; i++)
        {
            var error = Math.Abs(got[i] - expected[i]) / scale;
            if (!(error <= worst))
            {
                worst = double.IsNaN(error) ? double.PositiveInfinity : error;
                at = i;
                if (double.IsPositiveInfinity(worst)) break;
            }
        }

        Comparisons++;
        if (tolerance > 0) LargestShare = Math.Max(LargestShare, worst / tolerance);
        Record(operation, worst);
        Require.True(
            worst <= tolerance,
            $"{operation} on {DeviceName} {shape}: element {at} of {got.Length} is {got[at]:R}, expected {expected[at]:R}; " +
            $"relative error {Units.Scientific(worst)} > {Units.Scientific(tolerance)}");
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Records the error of a comparison.</summary>
    protected virtual void Record(string operation, double error)
    {
    }

    protected virtual void Dispose(bool disposing)
    {
        foreach (var buffer in _buffers) buffer.Dispose();
        _buffers.Clear();
    }

    private static int Words<T>(int count)
        where T : unmanaged => (count * System.Runtime.CompilerServices.Unsafe.SizeOf<T>() + 3) / 4;

    private DeviceView Allocate(int words)
    {
        const int before = 16;
        var buffer = Device.Allocate(words + before + 16);
        _buffers.Add(buffer);
        return buffer.View.Slice(before, words);
    }
}
