namespace Gpu.Kernels.Devices;

/// <summary>A device is missing or cannot be used. The message has the form "expected X, found Y; suggestion".</summary>
/// <param name="expected">what was expected</param>
/// <param name="found">what was found instead</param>
/// <param name="suggestion">what to do about it</param>
/// <param name="inner">the error of the driver, if any</param>
public sealed class DeviceException(string expected, string found, string suggestion, Exception? inner = null)
    : Exception($"expected {expected}, found {found}; {suggestion}", inner)
{
    /// <summary>What was expected.</summary>
    public string Expected { get; } = expected;

    /// <summary>What was found instead.</summary>
    public string Found { get; } = found;

    /// <summary>What to do about it.</summary>
    public string Suggestion { get; } = suggestion;
}
