namespace Gpu.Kernels.Devices;

/// <summary>Kernel types by the name people know them by.</summary>
internal static class KernelName
{
    /// <summary>The type's name without its type arguments.</summary>
    public static string Of(Type kernel)
    {
        var tick = kernel.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? kernel.Name : kernel.Name[..tick];
    }

    /// <summary>The type's name with its type arguments, such as <c>GroupedGather&lt;Tile64, Relu&gt;</c>.</summary>
    public static string Full(Type kernel) => kernel.IsGenericType ? $"{Of(kernel)}<{string.Join(", ", kernel.GetGenericArguments().Select(Full))}>" : Of(kernel);
}
