namespace Gpu.Training.Onnx;

/// <summary>An ONNX file cannot be read, or a network has no ONNX form. The message names the file, the node or the layer, and what is possible.</summary>
public sealed class OnnxException : Exception
{
    /// <summary>Creates the exception with its complete message.</summary>
    public OnnxException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and the exception that caused it.</summary>
    public OnnxException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
