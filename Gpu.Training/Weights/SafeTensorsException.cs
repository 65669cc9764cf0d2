namespace Gpu.Training.Weights;

/// <summary>A safetensors file cannot be read, or lacks a required tensor. The message names the file and the tensor.</summary>
public sealed class SafeTensorsException : Exception
{
    /// <summary>Creates the exception with its complete message.</summary>
    public SafeTensorsException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and the exception that caused it.</summary>
    public SafeTensorsException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
