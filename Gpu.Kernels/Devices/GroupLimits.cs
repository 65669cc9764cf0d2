namespace Gpu.Kernels.Devices;

/// <summary>The limits of a device for grouped kernels.</summary>
/// <param name="MaxThreads">the most threads per group</param>
/// <param name="SharedBytes">the most bytes of static shared memory per group</param>
/// <param name="Multiprocessors">multiprocessors; at least this many groups run at the same time</param>
/// <param name="HasFewRegisters">a thread has about half the registers of an NVIDIA or AMD GPU: Intel's have 128 for eight or sixteen threads at once</param>
internal readonly record struct GroupLimits(int MaxThreads, int SharedBytes, int Multiprocessors, bool HasFewRegisters = false);
