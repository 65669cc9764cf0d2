using ILGPU;
using ILGPU.Runtime;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The devices of one kind of driver, in a context of their own: what another kind's driver does wrong does not touch them. Errors while looking are kept as
/// the reason why the kind is missing.
/// </summary>
internal abstract class GpuPlatform
{
    /// <summary>All kinds, the preferred one first.</summary>
    public static readonly GpuPlatform[] All = [new CudaPlatform(), new OpenCLPlatform()];

    /// <summary>The kind as part of an id.</summary>
    public abstract string Name { get; }

    /// <summary>The kind in a sentence.</summary>
    public abstract string DisplayName { get; }

    /// <summary>A device of this kind in a sentence.</summary>
    public string DeviceNoun => $"{(DisplayName[0] == 'O' ? "an" : "a")} {DisplayName} device";

    /// <summary>A context with all devices of this kind, usable or not; the caller disposes it.</summary>
    /// <param name="devices">the devices, numbered as in ids</param>
    /// <param name="missing">why there are none, null when there are</param>
    public Context? Discover(out List<(Device Device, DeviceInfo Info)> devices, out string? missing)
    {
        devices = [];
        Context? context = null;
        try
        {
            DriverLibraries.Register();
            missing = MissingDriverReason();
            if (missing is not null) return null;
            context = Context.Create(builder => Add(builder).ForKernels());
            foreach (var device in context.Devices)
            {
                // ILGPU adds its CPU device to a context that has no other.
                if (device.AcceleratorType == Type) devices.Add((device, Describe(device, $"{Name}:{devices.Count}")));
            }

            missing = devices.Count > 0 ? null : NoDevicesReason();
            return context;
        }
        catch (Exception e)
        {
            // Whatever a driver does must not take the other kinds down.
            context?.Dispose();
            devices = [];
            missing = $"looking for {DisplayName} devices failed: {e.GetType().Name}: {e.Message}; {FailureSuggestion}";
            return null;
        }
    }

    /// <summary>Whether <c>auto</c> may take a device of this kind.</summary>
    public virtual bool IsEligibleForAuto(Device device) => true;

    /// <summary>Bytes that could be allocated on a device; null where they are not known. It may open the device to ask.</summary>
    public virtual long? FreeBytes(Context context, Device device) => null;

    /// <summary>The kind in ILGPU.</summary>
    protected abstract AcceleratorType Type { get; }

    /// <summary>What to do where looking for devices throws.</summary>
    protected abstract string FailureSuggestion { get; }

    /// <summary>Adds all devices of this kind.</summary>
    protected abstract Context.Builder Add(Context.Builder builder);

    /// <summary>Why there can be no device of this kind, if that is known before looking.</summary>
    protected abstract string? MissingDriverReason();

    /// <summary>Why looking found none.</summary>
    protected abstract string NoDevicesReason();

    /// <summary>Why a device cannot be used; null for one that can.</summary>
    protected abstract string? UnsupportedReason(Device device);

    private DeviceInfo Describe(Device device, string id) =>
        new(id, Name, device.Name.Trim(), device.MemorySize, device.NumMultiprocessors, device.WarpSize, UnsupportedReason(device));
}
