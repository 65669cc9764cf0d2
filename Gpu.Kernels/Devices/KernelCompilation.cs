namespace Gpu.Kernels.Devices;

/// <summary>The progress of a device's kernel compilation.</summary>
/// <param name="Done">kernels that are compiled</param>
/// <param name="Total">kernels that were requested</param>
/// <param name="Seconds">time during which at least one compilation was running</param>
public readonly record struct KernelCompilation(int Done, int Total, double Seconds);
