namespace Gpu.Cli;

/// <summary>Exit codes of the process.</summary>
internal static class ExitCode
{
    /// <summary>The command completed.</summary>
    public const int Success = 0;

    /// <summary>The command is valid, but failed at run time.</summary>
    public const int Failure = 1;

    /// <summary>Usage error: unknown option or name, or a value out of range.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl+C (128 + SIGINT), after a checkpoint was saved.</summary>
    public const int Cancelled = 130;
}
