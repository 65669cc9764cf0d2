using System.Runtime.InteropServices;
using Gpu.Kernels;
using Gpu.Training.Onnx.Proto;

namespace Gpu.Training.Onnx;

/// <summary>A constant of an ONNX graph whose values are decoded when they are needed.</summary>
internal sealed class OnnxTensor
{
    private readonly TensorProto _proto;
    private readonly int _count;

    /// <summary>Checks shape, type and number of values.</summary>
    /// <exception cref="OnnxException">they do not fit each other, or are not supported</exception>
    public OnnxTensor(TensorProto proto)
    {
        _proto = proto;
        var count = 1L;
        foreach (var extent in proto.Dims)
        {
            if (extent is < 0 or > ShapeLimits.MaxDimension) throw Fail($"its shape is {ShapeText}, but each side must be 0 to {ShapeLimits.MaxDimension:N0}");
            count *= extent;
            if (count > ShapeLimits.MaxLength) throw Fail($"its shape is {ShapeText}, but it can have at most {ShapeLimits.MaxLength:N0} values");
        }

        _count = (int)count;
        if (proto.DataLocation != 0) throw Fail("its values are in another file, which is not read. Save the model as one file");
        var stored = proto.HasRawData ? proto.RawData.Length / (double)SizeOf(proto.DataType) : proto.DataType switch
        {
            OnnxTypes.Float => proto.FloatData.Count,
            OnnxTypes.Double => proto.DoubleData.Count,
            OnnxTypes.Int64 => proto.Int64Data.Count,
            OnnxTypes.Int32 or OnnxTypes.Half or OnnxTypes.UInt8 => proto.Int32Data.Count,
            _ => throw Unsupported(),
        };
        if (stored != count) throw Fail($"its shape is {ShapeText}, which is {count:N0} values, but the file has {stored:N0}");
    }

    /// <summary>Name in the file.</summary>
    public string Name => _proto.Name;

    /// <summary>The sizes.</summary>
    public IReadOnlyList<long> Shape => _proto.Dims;

    /// <summary>The shape for messages.</summary>
    public string ShapeText => _proto.Dims.Count == 0 ? "a scalar" : string.Join("x", _proto.Dims);

    /// <summary>The values as floats, in row-major order.</summary>
    public float[] Floats() => _proto.DataType switch
    {
        OnnxTypes.Float => _proto.HasRawData ? Raw<float>() : [.. _proto.FloatData],
        OnnxTypes.Double => Array.ConvertAll(_proto.HasRawData ? Raw<double>() : [.. _proto.DoubleData], value => (float)value),
        OnnxTypes.Half => _proto.HasRawData ? Array.ConvertAll(Raw<Half>(), value => (float)value)
            : [.. _proto.Int32Data.Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))],
        _ => Array.ConvertAll(Integers(), value => (float)value),
    };

    /// <summary>The values as integers, in row-major order.</summary>
    public long[] Integers() => _proto.DataType switch
    {
        OnnxTypes.Int64 => _proto.HasRawData ? Raw<long>() : [.. _proto.Int64Data],
        OnnxTypes.Int32 => Array.ConvertAll(_proto.HasRawData ? Raw<int>() : [.. _proto.Int32Data], value => (long)value),
        OnnxTypes.UInt8 => Array.ConvertAll(_proto.HasRawData ? Raw<byte>() : [.. _proto.Int32Data.Select(value => (byte)value)], value => (long)value),
        _ => throw Fail($"integers are needed, but it has the type {_proto.DataType}"),
    };

    /// <summary>An error about the tensor.</summary>
    public OnnxException Fail(string problem) => new($"The constant '{_proto.Name}' of the ONNX file is not valid: {problem}.");

    private T[] Raw<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_proto.RawData.Span)[.._count].ToArray();

    private int SizeOf(int type) => type switch
    {
        OnnxTypes.Float or OnnxTypes.Int32 => 4,
        OnnxTypes.Double or OnnxTypes.Int64 => 8,
        OnnxTypes.Half => 2,
        OnnxTypes.UInt8 => 1,
        _ => throw Unsupported(),
    };

    private OnnxException Unsupported() => Fail(
        $"its values have the type {_proto.DataType}, but float ({OnnxTypes.Float}), half ({OnnxTypes.Half}), double ({OnnxTypes.Double}) or an integer type "
        + $"({OnnxTypes.UInt8}, {OnnxTypes.Int32}, {OnnxTypes.Int64}) is needed");
}
