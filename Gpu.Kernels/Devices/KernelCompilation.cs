namespace Gpu.Kernels.Devices;

/// <summary>How far a device's compilation of kernels is.</summary>
/// <param name="Done">kernels that are compiled</param>
/// <param name="Total">kernels that were asked for</param>
/// <param name="Seconds">time that at least one compiler was at work</param>
public readonly record struct KernelCompilation(int Done, int Total, double Seconds);
