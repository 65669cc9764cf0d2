namespace Gpu.Kernels.Devices;

/// <summary>A device that could be opened, or a kind of device that cannot and why.</summary>
/// <param name="Id">what <see cref="DeviceCatalog.Open(string,int)"/> takes: <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>, <c>simulator</c>; of a missing kind its name</param>
/// <param name="Kind"><c>cpu</c>, <c>cuda</c>, <c>opencl</c> or <c>simulator</c></param>
/// <param name="Name">what the driver calls it; empty for a missing kind</param>
/// <param name="MemoryBytes">its memory</param>
/// <param name="Processors">cores of the CPU, multiprocessors (compute units) of a GPU</param>
/// <param name="Lanes">floats that one instruction works on: vector lanes of the CPU, threads of a GPU's warp; 0 where an OpenCL driver tells it of compiled kernels alone</param>
/// <param name="UnavailableReason">why it cannot be used and what would help; null for a device that can</param>
public sealed record DeviceInfo(string Id, string Kind, string Name, long MemoryBytes, int Processors, int Lanes, string? UnavailableReason = null)
{
    /// <summary>True for a device that can be opened.</summary>
    public bool IsAvailable => UnavailableReason is null;

    /// <summary>
    /// Bytes of its memory that could be allocated when it was looked at; null where the driver does not say (OpenCL has no such question), or the device could not be opened.
    /// </summary>
    public long? FreeBytes { get; init; }
}
