using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>Another process trains in the run folder.</summary>
public sealed class RunLockedException : TrainingException
{
    /// <summary>Creates the exception with its complete message.</summary>
    public RunLockedException(string message) : base(message)
    {
    }
}
