namespace Gpu.Training.Weights;

/// <summary>A tensor in the header of a safetensors file.</summary>
/// <param name="Name">Name of the tensor.</param>
/// <param name="Type">Element type (dtype): F32, I32, F16, ...</param>
/// <param name="Shape">Extents, row-major (the innermost last); empty for a scalar.</param>
/// <param name="Begin">Offset of its first byte, counted from the end of the header.</param>
/// <param name="End">Offset after its last byte.</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<long> Shape, long Begin, long End)
{
    /// <summary>The shape as text, such as 3x3x1x32, or <c>scalar</c>.</summary>
    public string ShapeText => Shape.Count == 0 ? "scalar" : string.Join("x", Shape);

    /// <summary>Bytes per element of a dtype; 0 for an unknown dtype.</summary>
    internal static int SizeOf(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" => 8,
        _ => 0,
    };
}
