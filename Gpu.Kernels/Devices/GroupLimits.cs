namespace Gpu.Kernels.Devices;

/// <summary>What a device offers to threads that work together.</summary>
/// <param name="MaxThreads">threads that a group may have</param>
/// <param name="SharedBytes">bytes of static shared memory that a group may have</param>
/// <param name="Multiprocessors">groups that run at the same time, at least</param>
internal readonly record struct GroupLimits(int MaxThreads, int SharedBytes, int Multiprocessors);
