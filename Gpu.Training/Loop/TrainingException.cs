namespace Gpu.Training.Loop;

/// <summary>Training cannot start or continue. The message says what was expected, what was found and what to do.</summary>
public class TrainingException : Exception
{
    /// <summary>Creates the exception with its complete message.</summary>
    public TrainingException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and the exception that caused it.</summary>
    public TrainingException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
