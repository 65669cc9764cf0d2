using System.Collections.Immutable;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace ILGPU;

/// <summary>Knows the devices. In this stand-in for ILGPU there is only the simulator, a CPU device.</summary>
public sealed class Context : IDisposable
{
    private Context(Builder builder)
    {
        Properties = builder;
        Devices = builder.Devices.Count > 0 ? [.. builder.Devices] : [CPUDevice.Default];
    }

    public ImmutableArray<Device> Devices { get; }
    public ContextProperties Properties { get; }

    /// <summary>An empty builder; finish with <see cref="Builder.ToContext"/>.</summary>
    public static Builder Create() => new();

    /// <summary>A context with the devices and settings that the callback adds; without any device, the CPU device.</summary>
    public static Context Create(Action<Builder> buildingCallback)
    {
        ArgumentNullException.ThrowIfNull(buildingCallback);
        var builder = new Builder();
        buildingCallback(builder);
        return builder.ToContext();
    }

    public static Context CreateDefault() => Create(builder => builder.Default());
    public TDevice GetDevice<TDevice>(int deviceIndex) where TDevice : Device => GetDevices<TDevice>()[deviceIndex];
    public DeviceCollection<TDevice> GetDevices<TDevice>() where TDevice : Device => new([.. Devices.OfType<TDevice>()]);
    public Device GetPreferredDevice(bool preferCPU) => Devices[0];
    public ImmutableArray<Device>.Enumerator GetEnumerator() => Devices.GetEnumerator();
    public void Dispose() { }

    /// <summary>The devices of one kind.</summary>
    public readonly ref struct DeviceCollection<TDevice> where TDevice : Device
    {
        private readonly List<TDevice> _devices;

        internal DeviceCollection(List<TDevice> devices) => _devices = devices;

        public int Count => _devices.Count;
        public TDevice this[int deviceIndex] => deviceIndex >= 0 && deviceIndex < _devices.Count
            ? _devices[deviceIndex]
            : throw new ArgumentOutOfRangeException(nameof(deviceIndex),
                $"There is no {typeof(TDevice).Name} number {deviceIndex}, only {_devices.Count}. GPUs need the ILGPU package instead of its stand-in.");
        public List<TDevice>.Enumerator GetEnumerator() => _devices.GetEnumerator();
    }

    /// <summary>Collects devices and settings for a context.</summary>
    public sealed class Builder : ContextProperties
    {
        internal Builder() { }

        internal List<Device> Devices { get; } = [];

        public Builder Default() => AllAccelerators();
        public Builder AllAccelerators() => this.DefaultCPU().OpenCL().Cuda();
        public Builder Assertions() => With(() => EnableAssertions = true);
        public Builder Profiling() => With(() => EnableProfiling = true);
        public Builder Optimize(OptimizationLevel level) => With(() => OptimizationLevel = level);
        public Builder Inlining(InliningMode inliningMode) => With(() => InliningMode = inliningMode);
        public Builder Math(MathMode mathMode) => With(() => MathMode = mathMode);
        public Builder StaticFields(StaticFieldMode fieldMode) => With(() => StaticFieldMode = fieldMode);
        public Builder Arrays(ArrayMode arrayMode) => With(() => ArrayMode = arrayMode);
        public Builder Caching(CachingMode cachingMode) => With(() => CachingMode = cachingMode);
        public Builder PageLocking(PageLockingMode mode) => With(() => PageLockingMode = mode);
        public Builder Debug() => Optimize(OptimizationLevel.Debug).Assertions();
        public Builder Release() => Optimize(OptimizationLevel.Release);
        public Context ToContext() => new(this);

        private Builder With(Action set)
        {
            set();
            return this;
        }
    }
}
