namespace Gpu.Training.Weights;

/// <summary>A safetensors file cannot be read, or does not hold what is needed. The message names the file and the tensor.</summary>
public sealed class SafeTensorsException : Exception
{
    /// <summary>Creates the exception with its complete message.</summary>
    public SafeTensorsException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and the failure underneath it.</summary>
    public SafeTensorsException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
