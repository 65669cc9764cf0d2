namespace Gpu.Cli.Checks;

/// <summary>The result of a check.</summary>
internal enum Verdict
{
    /// <summary>All values are within their tolerance.</summary>
    Right,

    /// <summary>A value is not.</summary>
    Wrong,

    /// <summary>The device or its driver failed.</summary>
    Error,
}

/// <summary>The result of a check of an operation in one form of a device.</summary>
/// <param name="Check">the check</param>
/// <param name="Form">the name of the form</param>
/// <param name="Verdict">the verdict</param>
/// <param name="Seconds">how long it took</param>
/// <param name="Comparisons">how many tensors were compared</param>
/// <param name="LargestShare">the largest error as a share of its tolerance</param>
/// <param name="Message">what is wrong; null if nothing</param>
/// <param name="Kernel">the kernel whose replacement by the plain form gives the right values; null if none was found</param>
internal sealed record OperationVerdict(
    OperationCheck Check, string Form, Verdict Verdict, double Seconds, int Comparisons, double LargestShare, string? Message, string? Kernel);
