using ILGPU;
using ILGPU.Runtime;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The devices of one kind of driver, in an ILGPU context of their own, so that errors of one kind of driver do not affect another. An error while listing
/// devices becomes the reason why the kind is missing.
/// </summary>
internal abstract class GpuPlatform
{
    /// <summary>All kinds, the preferred one first.</summary>
    public static readonly GpuPlatform[] All = [new CudaPlatform(), new OpenCLPlatform()];

    /// <summary>The kind as part of an id.</summary>
    public abstract string Name { get; }

    /// <summary>The kind in messages.</summary>
    public abstract string DisplayName { get; }

    /// <summary>A device of this kind in messages, with its article.</summary>
    public string DeviceNoun => $"{(DisplayName[0] == 'O' ? "an" : "a")} {DisplayName} device";

    /// <summary>Creates a context with all devices of this kind, including those that cannot be used. The caller disposes it.</summary>
    /// <param name="devices">receives the devices, numbered as in ids</param>
    /// <param name="missing">receives the reason why there are none; null if there are</param>
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
                // ILGPU adds its CPU device to a context without other devices.
                if (device.AcceleratorType == Type) devices.Add((device, Describe(device, $"{Name}:{devices.Count}")));
            }

            missing = devices.Count > 0 ? null : NoDevicesReason();
            return context;
        }
        catch (Exception e)
        {
            // An error of this driver must not affect the other kinds.
            context?.Dispose();
            devices = [];
            missing = $"listing {DisplayName} devices failed: {e.GetType().Name}: {e.Message}; {FailureSuggestion}";
            return null;
        }
    }

    /// <summary>Whether <c>auto</c> may choose the device.</summary>
    public virtual bool IsEligibleForAuto(Device device) => true;

    /// <summary>Bytes that can be allocated on a device; null if unknown. May open the device to query it.</summary>
    public virtual long? FreeBytes(Context context, Device device) => null;

    /// <summary>The accelerator type in ILGPU.</summary>
    protected abstract AcceleratorType Type { get; }

    /// <summary>What to do if listing devices throws.</summary>
    protected abstract string FailureSuggestion { get; }

    /// <summary>Adds all devices of this kind to a context.</summary>
    protected abstract Context.Builder Add(Context.Builder builder);

    /// <summary>Why there cannot be devices of this kind, if that is known without a context; otherwise null.</summary>
    protected abstract string? MissingDriverReason();

    /// <summary>Why the context has no devices of this kind.</summary>
    protected abstract string NoDevicesReason();

    /// <summary>Why a device cannot be used; null if it can.</summary>
    protected abstract string? UnsupportedReason(Device device);

    private DeviceInfo Describe(Device device, string id) =>
        new(id, Name, device.Name.Trim(), device.MemorySize, device.NumMultiprocessors, device.WarpSize, UnsupportedReason(device));
}
