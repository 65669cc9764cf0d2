using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>What must not be in the PTX of a kernel.</summary>
internal static partial class PtxLint
{
    /// <summary>The offences in a module; each names the function, the line and the instruction.</summary>
    public static IEnumerable<string> Check(string module)
    {
        foreach (Match match in External().Matches(module))
            yield return $"external function {match.Groups["name"].Value}: the driver cannot load a module that calls what it does not contain";
        foreach (Match match in Local().Matches(module))
            yield return $"local memory: {match.Value.Trim()}";

        if (Double().Match(module) is { Success: true } twice)
            yield return $"double precision, which some OpenCL devices lack and most GPUs are slow at: {twice.Value.Trim()}";

        var functions = PtxFunction.Parse(module);
        if (!functions.Any(function => function.IsKernel)) yield return "no kernel in the module";
        var names = functions.Select(function => function.Name).ToHashSet();
        foreach (var function in functions)
        {
            foreach (var instruction in function.Instructions)
            {
                if (instruction.Operation == "call" && Callee().Match(instruction.Text) is { Success: true } call && !names.Contains(call.Groups["name"].Value))
                    yield return $"{function.Name}, line {instruction.Line}: call of {call.Groups["name"].Value}, which the module does not contain: {instruction.Text}";
                if (instruction.Operation is "ld" or "st" && instruction.Opcode.Contains(".local", StringComparison.Ordinal))
                    yield return $"{function.Name}, line {instruction.Line}: local memory: {instruction.Text}";
                // ILGPU 1.5.3 writes the values that the cases take over behind the branch to the default case, which then has old ones.
                if (instruction.Operation == "brx")
                    yield return $"{function.Name}, line {instruction.Line}: a switch on a run-time value: {instruction.Text}; write it as a chain of ifs";
            }

            foreach (var (branch, reason) in new PtxUniformity(function).DivergentBranches().Where(found => found.Branch.IsUniformBranch))
                yield return $"{function.Name}, line {branch.Line}: uniform branch on a condition that differs between threads: {branch.Text}; because {reason}";
        }
    }

    /// <summary>Accesses of 128 bits.</summary>
    public static int VectorAccesses(string module) => Vector().Count(module);

    /// <summary>Accesses of one word or less to global memory.</summary>
    public static int ScalarAccesses(string module) => Scalar().Count(module);

    [GeneratedRegex(@"\.extern\s+\.func[^;]*?(?<name>[\w$]+)\s*(\(|;)(?![^;]*\)\s*[\w$]+\s*\()")]
    private static partial Regex External();

    [GeneratedRegex(@"^\s*\.local\s[^;]*;", RegexOptions.Multiline)]
    private static partial Regex Local();

    [GeneratedRegex(@"^.*\.f64\b[^;]*;", RegexOptions.Multiline)]
    private static partial Regex Double();

    [GeneratedRegex(@"^call(\.uni)?\s+(\([^)]*\)\s*,\s*)?(?<name>[\w$]+)")]
    private static partial Regex Callee();

    [GeneratedRegex(@"\b(ld|st)\.global\.v4\.\w32\b")]
    private static partial Regex Vector();

    [GeneratedRegex(@"\b(ld|st)\.global\.[a-uw-z]\d+\b")]
    private static partial Regex Scalar();
}
