namespace Gpu.Training.Onnx;

/// <summary>The element types of ONNX tensors that are read or written.</summary>
internal static class OnnxTypes
{
    /// <summary>32-bit float.</summary>
    public const int Float = 1;

    /// <summary>Byte.</summary>
    public const int UInt8 = 2;

    /// <summary>32-bit integer.</summary>
    public const int Int32 = 6;

    /// <summary>64-bit integer.</summary>
    public const int Int64 = 7;

    /// <summary>16-bit float.</summary>
    public const int Half = 10;

    /// <summary>64-bit float.</summary>
    public const int Double = 11;
}
