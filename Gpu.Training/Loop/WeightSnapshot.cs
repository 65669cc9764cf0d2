using Gpu.Kernels.Devices;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>Host copy of a network's parameters and running statistics.</summary>
internal sealed class WeightSnapshot(Network network)
{
    private readonly float[] _values = new float[network.Memory.Values.Length];
    private readonly float[] _statistics = new float[network.Memory.Statistics.Length];

    /// <summary>True after the first <see cref="Capture"/>.</summary>
    public bool HasValue { get; private set; }

    /// <summary>Copies from the network to the host.</summary>
    public void Capture()
    {
        network.Device.Download<float>(network.Memory.Values, _values);
        network.Device.Download<float>(network.Memory.Statistics, _statistics);
        HasValue = true;
    }

    /// <summary>Copies from the host back to the network.</summary>
    public void Restore()
    {
        network.Device.Upload<float>(_values, network.Memory.Values);
        network.Device.Upload<float>(_statistics, network.Memory.Statistics);
    }

    /// <summary>Overwrites the network's parameters with an average of them. Running statistics stay.</summary>
    public void LoadAverage(DeviceView average)
    {
        var values = new float[average.Length];
        network.Device.Download<float>(average, values);
        network.Device.Upload<float>(values, network.Memory.Values);
    }
}
