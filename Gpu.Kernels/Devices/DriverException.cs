namespace Gpu.Kernels.Devices;

/// <summary>A driver call failed.</summary>
/// <param name="call">the driver function, or what was attempted</param>
/// <param name="code">the error code</param>
/// <param name="name">the name of the code, such as <c>CUDA_ERROR_OUT_OF_MEMORY</c></param>
/// <param name="inner">the exception of ILGPU, if there was one</param>
public sealed class DriverException(string call, int code, string name, Exception? inner = null) : Exception($"{call} failed: {name} ({code})", inner)
{
    /// <summary>The driver function, or what was attempted.</summary>
    public string Call { get; } = call;

    /// <summary>The error code.</summary>
    public int Code { get; } = code;
}
