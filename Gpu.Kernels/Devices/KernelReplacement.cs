namespace Gpu.Kernels.Devices;

/// <summary>A grouped or tensor-core kernel that a device does not use: its operations run their plain kernels instead.</summary>
/// <param name="Kernel">the name of the kernel without type arguments</param>
/// <param name="Reason">why: the error of the driver, or what a check found</param>
public sealed record KernelReplacement(string Kernel, string Reason);

/// <summary>An operation tried to launch a replaced kernel. <see cref="AcceleratorDevice"/> catches it and launches the plain kernels.</summary>
internal sealed class KernelReplacedException : Exception;
