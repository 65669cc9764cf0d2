namespace Gpu.Kernels.Devices;

/// <summary>A driver refused a call.</summary>
/// <param name="call">the driver's function, or what it was asked for</param>
/// <param name="code">its error code</param>
/// <param name="name">the code's name, such as <c>CUDA_ERROR_OUT_OF_MEMORY</c></param>
/// <param name="inner">what ILGPU made of it, if it came that way</param>
public sealed class DriverException(string call, int code, string name, Exception? inner = null) : Exception($"{call} failed: {name} ({code})", inner)
{
    /// <summary>The driver's function, or what it was asked for.</summary>
    public string Call { get; } = call;

    /// <summary>Its error code.</summary>
    public int Code { get; } = code;
}
