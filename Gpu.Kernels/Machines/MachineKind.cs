namespace Gpu.Kernels.Machines;

/// <summary>What an operation asks about the machine when it decides how much an item does.</summary>
internal static class MachineKind<TMachine>
{
    /// <summary>
    /// True for GPUs, where an item is a thread: neighbouring items should read neighbouring vectors. On the CPU an item is a stretch of a loop, and
    /// should walk through memory by itself.
    /// </summary>
    public static bool IsGpu { get; } = typeof(TMachine) == typeof(Gpu4) || typeof(TMachine) == typeof(Gpu1);
}
