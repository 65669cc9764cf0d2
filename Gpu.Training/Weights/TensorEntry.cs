namespace Gpu.Training.Weights;

/// <summary>A tensor as the header of a safetensors file describes it.</summary>
/// <param name="Name">its name</param>
/// <param name="Type">its element type: F32, I32, F16...</param>
/// <param name="Shape">its extents, the innermost last; empty for a single number</param>
/// <param name="Begin">first byte after the header</param>
/// <param name="End">byte after the last one</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<long> Shape, long Begin, long End)
{
    /// <summary>The shape as people write it: 3x3x1x32.</summary>
    public string ShapeText => Shape.Count == 0 ? "a single number" : string.Join("x", Shape);

    /// <summary>Bytes of an element of a type; 0 for a type that the format does not have.</summary>
    internal static int SizeOf(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" => 8,
        _ => 0,
    };
}
