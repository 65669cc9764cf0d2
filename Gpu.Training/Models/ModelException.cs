namespace Gpu.Training.Models;

/// <summary>A model, or a file that describes one, cannot be used. The message names the layer, what it got, what it needs and what to do.</summary>
public class ModelException : Exception
{
    /// <summary>Creates the exception with its complete message.</summary>
    public ModelException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and the failure underneath it.</summary>
    public ModelException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
