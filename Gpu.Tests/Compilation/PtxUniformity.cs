namespace Gpu.Tests.Compilation;

/// <summary>
/// Divergence analysis: finds the values of a PTX function that are uniform, that is equal in all threads of a warp that execute an instruction together.
/// ILGPU 1.5.3 marks a branch as uniform by the data dependences of its condition and ignores control dependences; this analysis follows both.
/// </summary>
/// <remarks>
/// A value is divergent if
/// (1) it is computed from the thread index, an atomic, a shuffle, a call, local or shared memory, or from global memory at a divergent address;
/// (2) it is a phi that merges different values at a join of the paths of a divergent branch;
/// (3) it is computed in a loop that threads leave in different iterations, and is used after the loop.
/// A load from global memory at a uniform address is uniform: items are independent (<see cref="Gpu.Kernels.Devices.IKernel"/>), so no item writes what
/// other items read. Source of (2) and (3): Karrenberg and Hack, "Improving performance of OpenCL on CPUs", CC 2012.
/// </remarks>
internal sealed class PtxUniformity
{
    private static readonly string[] UniformSpecials =
        ["%ctaid", "%ntid", "%nctaid", "%nwarpid", "%gridid", "%total_smem_size", "%dynamic_smem_size"];

    private readonly PtxFunction _function;
    private readonly PtxValues _values;
    private readonly Reconvergence _reconvergence;
    private readonly Dictionary<int, HashSet<int>> _loops;
    private readonly Dictionary<int, PtxInstruction> _divergentJoins = [];
    private readonly Dictionary<int, PtxInstruction> _divergentLoops = [];

    public PtxUniformity(PtxFunction function)
    {
        _function = function;
        var graph = new ControlFlowGraph([.. function.Blocks.Select(block => block.Successors)], [.. function.Blocks.Select(block => block.Predecessors)], 0);
        _loops = graph.NaturalLoops();
        _values = new PtxValues(function, graph);
        _reconvergence = new Reconvergence(function);
        var known = new HashSet<int>();
        do
        {
            Propagate();
        }
        while (AddDivergentBranches(graph, known));
    }

    /// <summary>The branches whose condition can differ between the threads that execute them, with the reason.</summary>
    public IEnumerable<(PtxInstruction Branch, string Reason)> DivergentBranches() =>
        from block in Enumerable.Range(0, _function.Blocks.Count)
        where _function.Blocks[block].Instructions.Count > 0
        let last = _function.Blocks[block].Instructions[^1]
        where last.IsBranch && _values.Read.ContainsKey(last)
        let reason = _values.Read[last].Select(value => DivergenceIn(value, block)).FirstOrDefault(reason => reason is not null)
        where reason is not null
        select (last, reason);

    // Propagates divergence along the data dependences to a fixed point.
    private void Propagate()
    {
        var pending = new Queue<PtxValue>(_values.All);
        while (pending.TryDequeue(out var value))
        {
            if (value.Divergence is not null || Reason(value) is not { } reason) continue;
            value.Divergence = reason;
            foreach (var user in value.Users) pending.Enqueue(user);
        }
    }

    private string? Reason(PtxValue value)
    {
        if (value.Instruction is { } instruction)
        {
            if (DivergenceSource(instruction) is { } source) return source;
        }
        else if (value.Inputs.Count == 0)
        {
            return UniformSpecials.Contains(value.Register.Split('.')[0]) ? null : value.Register;
        }
        else if (_divergentJoins.TryGetValue(value.Block, out var branch) && value.Inputs.Distinct().Count() > 1)
        {
            return $"{value.Register} is merged from the paths of the divergent branch at line {branch.Line} ({branch.Text})";
        }

        var input = value.Inputs.Select(input => DivergenceIn(input, value.Block)).FirstOrDefault(reason => reason is not null);
        if (input is null || value.Instruction is null || input.Length > 400) return input;
        return $"{value.Instruction.Opcode} at {value.Instruction.Line} <- {input}";
    }

    private string? DivergenceSource(PtxInstruction instruction)
    {
        switch (instruction.Operation)
        {
            case "atom" or "shfl" or "vote" or "match" or "activemask" or "elect":
                return $"{instruction.Opcode} at {instruction.Line}";
            case "ld" when instruction.Opcode.StartsWith("ld.param", StringComparison.Ordinal):
                var name = instruction.Operands[1].Trim('[', ']').Split('+')[0].Trim();
                return _function.IsKernel && _function.Parameters.Contains(name) ? null : $"{instruction.Text} at {instruction.Line}";
            case "ld" when !instruction.Opcode.StartsWith("ld.global", StringComparison.Ordinal)
                && !instruction.Opcode.StartsWith("ld.const", StringComparison.Ordinal):
                return $"{instruction.Opcode} at {instruction.Line}";
            default:
                return null;
        }
    }

    // Why a value is divergent when it is used in a block: case (3) depends on whether the use is outside the loop.
    private string? DivergenceIn(PtxValue value, int block)
    {
        if (value.Divergence is not null || value.Instruction is null && value.Inputs.Count == 0) return value.Divergence;
        foreach (var (header, branch) in _divergentLoops)
        {
            var loop = _loops[header];
            if (loop.Contains(value.Block) && !loop.Contains(block))
                return $"{value.Register} is used after a loop that threads leave in different iterations at line {branch.Line} ({branch.Text})";
        }

        return null;
    }

    // Adds the joins and the exited loops of the branches that were found to be divergent since the last call. False if there are none.
    private bool AddDivergentBranches(ControlFlowGraph graph, HashSet<int> known)
    {
        var found = false;
        foreach (var (branch, _) in DivergentBranches().ToArray())
        {
            var block = _function.Blocks.FindIndex(candidate => candidate.Instructions.Count > 0 && ReferenceEquals(candidate.Instructions[^1], branch));
            if (!graph.IsReachable(block) || !known.Add(block)) continue;
            found = true;
            foreach (var join in _reconvergence.DivergentJoins(block)) _divergentJoins.TryAdd(join, branch);
            foreach (var (header, loop) in _loops)
            {
                if (loop.Contains(block) && !_reconvergence.IsWithin(block, loop)) _divergentLoops.TryAdd(header, branch);
            }
        }

        return found;
    }
}
