using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>
/// What must not be in the OpenCL C of a kernel: what it does not declare (an external function, a warp shuffle, which becomes <c>sub_group_shuffle</c>), private
/// arrays, what a device may lack (64 or 16-bit floats, extensions, the generic address space), and barriers that leave the memory of the group out.
/// </summary>
internal static partial class OpenCLLint
{
    // The functions of OpenCL C that ILGPU's lowering of kernels uses; a name that is missing here is not known to be one.
    private static readonly HashSet<string> BuiltIn =
    [
        "get_global_id", "get_local_id", "get_group_id", "get_local_size", "get_num_groups", "get_global_size",
        "fmin", "fmax", "min", "max", "fabs", "abs", "sqrt", "rsqrt", "floor", "ceil", "fma", "mad", "rint", "trunc",
        "exp", "exp2", "log", "log2", "tanh", "sin", "cos", "pow", "isnan", "isinf", "isfinite", "select",
        "as_float", "as_int", "as_uint", "as_long", "as_ulong", "popcount", "clz", "mul_hi",
        "work_group_barrier",
    ];

    private static readonly HashSet<string> Keywords = ["if", "while", "for", "switch", "return", "sizeof", "do", "else"];

    /// <summary>The offences in a program.</summary>
    public static IEnumerable<string> Check(string program)
    {
        var text = Comment().Replace(program, "");
        if (!text.Contains("kernel void", StringComparison.Ordinal)) yield return "no kernel in the OpenCL program";
        var defined = Definition().Matches(text).Select(match => match.Groups["name"].Value).ToHashSet();
        foreach (var name in Call().Matches(text).Select(match => match.Groups["name"].Value).Distinct())
        {
            if (!defined.Contains(name) && !BuiltIn.Contains(name) && !Keywords.Contains(name)) yield return $"OpenCL C calls {name}, which it does not declare";
        }

        foreach (Match match in Barrier().Matches(text))
        {
            if (!match.Value.Contains("CLK_LOCAL_MEM_FENCE", StringComparison.Ordinal))
                yield return $"OpenCL C has a barrier without a fence for the memory of the group: {match.Value}";
        }

        foreach (var match in Optional().Matches(text).DistinctBy(match => match.Value)) yield return $"OpenCL C uses what a device may lack: {match.Value.Trim()}";
        foreach (var match in OtherPointer().Matches(text).DistinctBy(match => match.Value)) yield return $"OpenCL C has a pointer to neither global memory nor that of the group: {match.Value.Trim()}";
        foreach (Match match in PrivateArray().Matches(text)) yield return $"OpenCL C has a private array: {match.Value.Trim()}";
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b(?<name>[A-Za-z_]\w*)\s*\([^()]*\)\s*\{")]
    private static partial Regex Definition();

    [GeneratedRegex(@"(?<![\w)])(?<name>[A-Za-z_]\w*)\s*\(")]
    private static partial Regex Call();

    [GeneratedRegex(@"\bwork_group_barrier\s*\([^)]*\)")]
    private static partial Regex Barrier();

    [GeneratedRegex(@"\b(double|half)\d*\b|^[ \t]*#\s*pragma[^\n]*", RegexOptions.Multiline)]
    private static partial Regex Optional();

    // ILGPU names every type of pointer before it is used.
    [GeneratedRegex(@"^\s*typedef\s+(?!global\b|local\b)[^;{]*\*[^;]*;", RegexOptions.Multiline)]
    private static partial Regex OtherPointer();

    // Of the memory that a group shares it would say "local"; the padding in structs is not used.
    [GeneratedRegex(@"^\s*(?!.*\blocal\b)(private\s+)?(struct\s+)?\w+\s+(?!__padding)\w+\s*\[\s*\d+\s*\]\s*;", RegexOptions.Multiline)]
    private static partial Regex PrivateArray();
}
