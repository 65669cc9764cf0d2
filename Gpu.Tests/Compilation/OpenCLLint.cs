using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>
/// Checks the OpenCL C of a kernel for calls of undeclared functions (external functions, and warp shuffles, which become <c>sub_group_shuffle</c>), private
/// arrays, features that a device may lack (64-bit and 16-bit floats, extensions, the generic address space), and barriers without a fence for local memory.
/// </summary>
internal static partial class OpenCLLint
{
    // The built-in functions of OpenCL C that ILGPU's code generator uses. Any other undeclared name counts as a violation.
    private static readonly HashSet<string> BuiltIn =
    [
        "get_global_id", "get_local_id", "get_group_id", "get_local_size", "get_num_groups", "get_global_size",
        "fmin", "fmax", "min", "max", "fabs", "abs", "sqrt", "rsqrt", "floor", "ceil", "fma", "mad", "rint", "trunc",
        "exp", "exp2", "log", "log2", "tanh", "sin", "cos", "pow", "isnan", "isinf", "isfinite", "select",
        "as_float", "as_int", "as_uint", "as_long", "as_ulong", "popcount", "clz", "mul_hi",
        "work_group_barrier",
    ];

    private static readonly HashSet<string> Keywords = ["if", "while", "for", "switch", "return", "sizeof", "do", "else"];

    /// <summary>The violations in a program.</summary>
    public static IEnumerable<string> Check(string program)
    {
        var text = Comment().Replace(program, "");
        if (!text.Contains("kernel void", StringComparison.Ordinal)) yield return "no kernel in the OpenCL program";
        var defined = Definition().Matches(text).Select(match => match.Groups["name"].Value).ToHashSet();
        foreach (var name in Call().Matches(text).Select(match => match.Groups["name"].Value).Distinct())
        {
            if (!defined.Contains(name) && !BuiltIn.Contains(name) && !Keywords.Contains(name))
                yield return $"OpenCL C calls {name}, which it does not declare";
        }

        foreach (Match match in Barrier().Matches(text))
        {
            if (!match.Value.Contains("CLK_LOCAL_MEM_FENCE", StringComparison.Ordinal))
                yield return $"OpenCL C has a barrier without a fence for local memory: {match.Value}";
        }

        foreach (var match in Optional().Matches(text).DistinctBy(match => match.Value))
            yield return $"OpenCL C uses a feature that a device may lack: {match.Value.Trim()}";
        foreach (var match in OtherPointer().Matches(text).DistinctBy(match => match.Value))
            yield return $"OpenCL C has a pointer to neither global nor local memory: {match.Value.Trim()}";
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

    // ILGPU declares every pointer type with a typedef.
    [GeneratedRegex(@"^\s*typedef\s+(?!global\b|local\b)[^;{]*\*[^;]*;", RegexOptions.Multiline)]
    private static partial Regex OtherPointer();

    // Arrays in local memory carry "local"; __padding fields are struct padding.
    [GeneratedRegex(@"^\s*(?!.*\blocal\b)(private\s+)?(struct\s+)?\w+\s+(?!__padding)\w+\s*\[\s*\d+\s*\]\s*;", RegexOptions.Multiline)]
    private static partial Regex PrivateArray();
}
