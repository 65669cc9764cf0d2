namespace Gpu.Cli;

/// <summary>What the process tells whoever started it.</summary>
internal static class ExitCode
{
    /// <summary>Everything that was asked for was done.</summary>
    public const int Success = 0;

    /// <summary>The command was understood, but failed while running.</summary>
    public const int Failure = 1;

    /// <summary>The command itself is wrong: an unknown option or name, a value out of range.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl+C (128 + SIGINT), after a checkpoint was saved.</summary>
    public const int Cancelled = 130;
}
