using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>What must not be in the OpenCL C of a kernel.</summary>
internal static partial class OpenCLLint
{
    // The functions of OpenCL C that ILGPU's lowering of kernels uses; a name that is missing here is not known to be one.
    private static readonly HashSet<string> BuiltIn =
    [
        "get_global_id", "get_local_id", "get_group_id", "get_local_size", "get_num_groups", "get_global_size",
        "fmin", "fmax", "min", "max", "fabs", "abs", "sqrt", "rsqrt", "floor", "ceil", "fma", "mad", "rint", "trunc",
        "exp", "exp2", "log", "log2", "tanh", "sin", "cos", "pow", "isnan", "isinf", "isfinite", "select",
        "as_float", "as_int", "as_uint", "as_double", "as_long", "as_ulong", "popcount", "clz", "mul_hi",
        "barrier", "work_group_barrier", "mem_fence",
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

        foreach (Match match in PrivateArray().Matches(text)) yield return $"OpenCL C has a private array: {match.Value.Trim()}";
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b(?<name>[A-Za-z_]\w*)\s*\([^()]*\)\s*\{")]
    private static partial Regex Definition();

    [GeneratedRegex(@"(?<![\w)])(?<name>[A-Za-z_]\w*)\s*\(")]
    private static partial Regex Call();

    // Of the memory that a group shares it would say "local"; the padding in structs is not used.
    [GeneratedRegex(@"^\s*(?!.*\blocal\b)(private\s+)?(struct\s+)?\w+\s+(?!__padding)\w+\s*\[\s*\d+\s*\]\s*;", RegexOptions.Multiline)]
    private static partial Regex PrivateArray();
}
