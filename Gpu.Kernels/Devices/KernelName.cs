namespace Gpu.Kernels.Devices;

/// <summary>Readable names of kernel types.</summary>
internal static class KernelName
{
    /// <summary>The name without type arguments.</summary>
    public static string Of(Type kernel)
    {
        var tick = kernel.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? kernel.Name : kernel.Name[..tick];
    }

    /// <summary>The name with its type arguments, such as <c>ActivationForward&lt;GpuVector4Backend, Float4, Relu&gt;</c>.</summary>
    public static string Full(Type kernel) =>
        kernel.IsGenericType ? $"{Of(kernel)}<{string.Join(", ", kernel.GetGenericArguments().Select(Full))}>" : Of(kernel);
}
