namespace Gpu.Kernels.Launching;

/// <summary>A driver refused a call.</summary>
/// <param name="call">the driver's function</param>
/// <param name="code">its error code</param>
/// <param name="name">the code's name, such as <c>CUDA_ERROR_OUT_OF_MEMORY</c></param>
public sealed class DriverException(string call, int code, string name) : Exception($"{call} failed: {name} ({code})")
{
    /// <summary>The driver's function.</summary>
    public string Call { get; } = call;

    /// <summary>Its error code.</summary>
    public int Code { get; } = code;
}
