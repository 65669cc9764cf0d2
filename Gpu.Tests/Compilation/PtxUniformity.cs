namespace Gpu.Tests.Compilation;

/// <summary>
/// Which values of a PTX function are the same in all threads of a warp that are at the same place. ILGPU 1.5.3 marks branches as uniform by the data
/// their condition is computed from, and forgets that a value also depends on the branches that chose it; this analysis knows both.
/// </summary>
/// <remarks>
/// A value differs between threads when
/// (1) it is computed from the thread's number, an atomic, a shuffle, a call, local or shared memory, or from global memory at an address that differs;
/// (2) it is what the ways behind a branch with a differing condition leave in a register, where they meet again;
/// (3) it was computed in a loop that the threads leave after different numbers of rounds, and is used behind it.
/// Global memory at an address that is the same for all threads counts as the same value: items are independent
/// (<see cref="Gpu.Kernels.Devices.IKernel"/>), so no item writes what all others read.
/// Source of (2) and (3): Karrenberg and Hack, "Improving performance of OpenCL on CPUs", CC 2012.
/// </remarks>
internal sealed class PtxUniformity
{
    private static readonly string[] UniformSpecials =
        ["%ctaid", "%ntid", "%nctaid", "%nwarpid", "%gridid", "%total_smem_size", "%dynamic_smem_size"];

    private readonly PtxFunction _function;
    private readonly PtxValues _values;
    private readonly Reconvergence _reconvergence;
    private readonly Dictionary<int, HashSet<int>> _loops;
    private readonly Dictionary<int, PtxInstruction> _meetings = [];
    private readonly Dictionary<int, PtxInstruction> _brokenLoops = [];

    public PtxUniformity(PtxFunction function)
    {
        _function = function;
        var graph = new FlowGraph([.. function.Blocks.Select(block => block.Successors)], [.. function.Blocks.Select(block => block.Predecessors)], 0);
        _loops = graph.Loops();
        _values = new PtxValues(function, graph);
        _reconvergence = new Reconvergence(function);
        var known = new HashSet<int>();
        do
        {
            Spread();
        }
        while (Part(graph, known));
    }

    /// <summary>The branches with a condition that can differ between the threads which are at the branch, and why.</summary>
    public IEnumerable<(PtxInstruction Branch, string Reason)> DivergentBranches() =>
        from block in Enumerable.Range(0, _function.Blocks.Count)
        where _function.Blocks[block].Instructions.Count > 0
        let last = _function.Blocks[block].Instructions[^1]
        where last.IsBranch && _values.Read.ContainsKey(last)
        let reason = _values.Read[last].Select(value => At(value, block)).FirstOrDefault(reason => reason is not null)
        where reason is not null
        select (last, reason);

    // From value to value, until nothing new differs.
    private void Spread()
    {
        var open = new Queue<PtxValue>(_values.All);
        while (open.TryDequeue(out var value))
        {
            if (value.Divergence is not null || Reason(value) is not { } reason) continue;
            value.Divergence = reason;
            foreach (var user in value.Users) open.Enqueue(user);
        }
    }

    private string? Reason(PtxValue value)
    {
        if (value.Instruction is { } instruction)
        {
            if (Source(instruction) is { } source) return source;
        }
        else if (value.Inputs.Count == 0)
        {
            return UniformSpecials.Contains(value.Register.Split('.')[0]) ? null : value.Register;
        }
        else if (_meetings.TryGetValue(value.Block, out var branch) && value.Inputs.Distinct().Count() > 1)
        {
            return $"{value.Register} is what the ways from line {branch.Line} ({branch.Text}) leave in it";
        }

        var input = value.Inputs.Select(input => At(input, value.Block)).FirstOrDefault(reason => reason is not null);
        return input is null ? null : value.Instruction is null || input.Length > 400 ? input : $"{value.Instruction.Opcode} at {value.Instruction.Line} <- {input}";
    }

    private string? Source(PtxInstruction instruction)
    {
        switch (instruction.Operation)
        {
            case "atom" or "shfl" or "vote" or "match" or "activemask" or "elect":
                return $"{instruction.Opcode} at {instruction.Line}";
            case "ld" when instruction.Opcode.StartsWith("ld.param", StringComparison.Ordinal):
                var name = instruction.Operands[1].Trim('[', ']').Split('+')[0].Trim();
                return _function.IsKernel && _function.Parameters.Contains(name) ? null : $"{instruction.Text} at {instruction.Line}";
            case "ld" when !instruction.Opcode.StartsWith("ld.global", StringComparison.Ordinal) && !instruction.Opcode.StartsWith("ld.const", StringComparison.Ordinal):
                return $"{instruction.Opcode} at {instruction.Line}";
            default:
                return null;
        }
    }

    // A value as it is seen in a block: one from a loop that threads leave in different rounds differs behind the loop.
    private string? At(PtxValue value, int block)
    {
        if (value.Divergence is not null || value.Instruction is null && value.Inputs.Count == 0) return value.Divergence;
        foreach (var (header, branch) in _brokenLoops)
        {
            var loop = _loops[header];
            if (loop.Contains(value.Block) && !loop.Contains(block))
                return $"{value.Register} is used behind a loop that threads leave in different rounds at line {branch.Line} ({branch.Text})";
        }

        return null;
    }

    // Branches that were found to differ since the last time: where their ways meet, and the loops they leave.
    private bool Part(FlowGraph graph, HashSet<int> known)
    {
        var found = false;
        foreach (var (branch, _) in DivergentBranches().ToArray())
        {
            var block = _function.Blocks.FindIndex(candidate => candidate.Instructions.Count > 0 && ReferenceEquals(candidate.Instructions[^1], branch));
            if (!graph.Reaches(block) || !known.Add(block)) continue;
            found = true;
            foreach (var meeting in _reconvergence.Meetings(block)) _meetings.TryAdd(meeting, branch);
            foreach (var (header, loop) in _loops)
            {
                if (loop.Contains(block) && !_reconvergence.IsWithin(block, loop)) _brokenLoops.TryAdd(header, branch);
            }
        }

        return found;
    }
}
