namespace Gpu.Training.Models;

/// <summary>A model or model file is invalid. The message names the layer or file, what was found, what is needed and what to do.</summary>
public class ModelException : Exception
{
    /// <summary>Creates an exception with a message.</summary>
    public ModelException(string message) : base(message)
    {
    }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public ModelException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
