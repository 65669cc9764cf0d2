namespace Gpu.Kernels.Devices;

/// <summary>A device, or a kind of device that has none.</summary>
/// <param name="Id">
/// the id for <see cref="DeviceCatalog.Open(string,int)"/>: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>simulator</c>; for a missing kind its name
/// </param>
/// <param name="Kind"><c>cpu</c>, <c>cuda</c>, <c>opencl</c> or <c>simulator</c></param>
/// <param name="Name">the name from the driver; empty for a missing kind</param>
/// <param name="MemoryBytes">total memory in bytes</param>
/// <param name="Processors">logical processors of the CPU, multiprocessors (compute units) of a GPU</param>
/// <param name="Lanes">
/// floats per instruction: SIMD lanes of the CPU, threads per warp of a GPU; 0 if an OpenCL driver reports this only for compiled kernels
/// </param>
/// <param name="UnavailableReason">why the device cannot be used and what would help; null if it can be used</param>
public sealed record DeviceInfo(string Id, string Kind, string Name, long MemoryBytes, int Processors, int Lanes, string? UnavailableReason = null)
{
    /// <summary>True if the device can be opened.</summary>
    public bool IsAvailable => UnavailableReason is null;

    /// <summary>
    /// Bytes that could be allocated when the devices were listed; null if the driver does not report it (OpenCL has no such query), or the device could not be
    /// opened.
    /// </summary>
    public long? FreeBytes { get; init; }
}
