namespace Gpu.Kernels.Devices;

/// <summary>Counting items.</summary>
internal static class Items
{
    /// <summary>How many pieces of <paramref name="size"/> cover <paramref name="count"/>: the quotient, rounded up.</summary>
    public static int Covering(int count, int size) => (int)(((long)count + size - 1) / size);
}
