using System.Globalization;
using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>Checks the PTX of a kernel for constructs that fail, are undefined or are slow on a GPU.</summary>
internal static partial class PtxLint
{
    /// <summary>The bytes of static shared memory that a group can use on every CUDA device.</summary>
    private const int MaxSharedBytes = 48 * 1024;

    /// <summary>The violations in a module, with function, line and instruction where they apply to one.</summary>
    public static IEnumerable<string> Check(string module)
    {
        foreach (Match match in External().Matches(module))
            yield return $"external function {match.Groups["name"].Value}: the driver cannot load a module that calls a function it does not contain";
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
                var location = $"{function.Name}, line {instruction.Line}";
                if (instruction.Operation == "call" && Callee().Match(instruction.Text) is { Success: true } call
                    && !names.Contains(call.Groups["name"].Value))
                {
                    yield return $"{location}: call of {call.Groups["name"].Value}, which the module does not contain: {instruction.Text}";
                }

                if (instruction.Operation is "ld" or "st" && instruction.Opcode.Contains(".local", StringComparison.Ordinal))
                    yield return $"{location}: local memory: {instruction.Text}";
                // ILGPU 1.5.3 emits the phi moves of a switch after the branch to its default case, so the default case sees stale values.
                if (instruction.Operation == "brx")
                    yield return $"{location}: a switch on a run-time value: {instruction.Text}; write it as a chain of ifs";
            }

            var divergent = new PtxUniformity(function).DivergentBranches().ToArray();
            foreach (var (branch, reason) in divergent.Where(found => found.Branch.IsUniformBranch))
            {
                yield return $"{function.Name}, line {branch.Line}: uniform branch on a condition that differs between threads: " +
                    $"{branch.Text}; because {reason}";
            }

            foreach (var (barrier, branch, reason) in DivergentBarriers(function, divergent))
            {
                yield return $"{function.Name}, line {barrier.Line}: a barrier that only some threads of a group may reach: " +
                    $"after line {branch.Line}: {branch.Text}; because {reason}";
            }
        }

        if (SharedBytes(module) is > MaxSharedBytes and var bytes)
            yield return $"{bytes} bytes of static shared memory: a group has at most {MaxSharedBytes}";
    }

    /// <summary>Bytes of static shared memory in a module.</summary>
    public static int SharedBytes(string module)
    {
        return Shared().Matches(module).Sum(match => Number(match, "count") * Number(match, "bits") / 8);

        static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>The number of 128-bit accesses to global memory.</summary>
    public static int VectorAccesses(string module) => Vector().Count(module);

    /// <summary>The number of accesses to global memory that are not vector accesses.</summary>
    public static int ScalarAccesses(string module) => Scalar().Count(module);

    // Barriers between a divergent branch and its reconvergence point.
    private static IEnumerable<(PtxInstruction Barrier, PtxInstruction Branch, string Reason)> DivergentBarriers(
        PtxFunction function, (PtxInstruction Branch, string Reason)[] divergent)
    {
        var barriers = function.Instructions.Where(instruction => instruction.Operation is "bar" or "barrier").ToHashSet();
        if (barriers.Count == 0) yield break;
        var reconvergence = new Reconvergence(function);
        foreach (var (branch, reason) in divergent)
        {
            foreach (var block in reconvergence.Between(function.Blocks.FindIndex(block => block.Instructions.Contains(branch))))
            {
                foreach (var barrier in function.Blocks[block].Instructions.Where(barriers.Remove)) yield return (barrier, branch, reason);
            }
        }
    }

    [GeneratedRegex(@"^\s*\.shared\s+(\.align\s+\d+\s+)?\.[bufs](?<bits>\d+)\s+\w+\[(?<count>\d+)\]", RegexOptions.Multiline)]
    private static partial Regex Shared();

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
