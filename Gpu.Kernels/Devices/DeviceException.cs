namespace Gpu.Kernels.Devices;

/// <summary>A device cannot be had.</summary>
/// <param name="expected">what was needed</param>
/// <param name="found">what there is instead</param>
/// <param name="suggestion">what to do about it</param>
/// <param name="inner">the driver's error</param>
public sealed class DeviceException(string expected, string found, string suggestion, Exception? inner = null)
    : Exception($"expected {expected}, found {found}; {suggestion}", inner)
{
    /// <summary>What was needed.</summary>
    public string Expected { get; } = expected;

    /// <summary>What there is instead.</summary>
    public string Found { get; } = found;

    /// <summary>What to do about it.</summary>
    public string Suggestion { get; } = suggestion;
}
