namespace Gpu.Training.Data;

/// <summary>A data set cannot be used. The message names the file, what was expected, what was found and what to do.</summary>
public class DatasetException : Exception
{
    /// <summary>Creates the exception with its complete message.</summary>
    public DatasetException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and its cause.</summary>
    public DatasetException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
