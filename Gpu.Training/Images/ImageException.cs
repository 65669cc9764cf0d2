namespace Gpu.Training.Images;

/// <summary>An image file cannot be read or written. The message names the file, what was expected, what was found and what to do.</summary>
public sealed class ImageException : Exception
{
    /// <summary>Creates the exception with its complete message.</summary>
    public ImageException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and the failure underneath it.</summary>
    public ImageException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
