namespace Gpu.Tests.Compilation;

/// <summary>A value in static single assignment form: the content of a register after one write, or a phi that merges several values.</summary>
internal sealed class PtxValue(string register, int block, PtxInstruction? instruction)
{
    public string Register => register;

    /// <summary>The block that defines the value.</summary>
    public int Block => block;

    /// <summary>The instruction that defines the value; null for a phi and for a register that is never written.</summary>
    public PtxInstruction? Instruction => instruction;

    public List<PtxValue> Inputs { get; } = [];

    /// <summary>The values that have this one as an input.</summary>
    public List<PtxValue> Users { get; } = [];

    /// <summary>Why the value can differ between the threads of a warp; null while it is considered uniform.</summary>
    public string? Divergence { get; set; }

    public void AddInput(PtxValue input)
    {
        Inputs.Add(input);
        input.Users.Add(this);
    }
}

/// <summary>
/// Converts the registers of a function to static single assignment form. Source: Cytron, Ferrante, Rosen, Wegman, Zadeck, "Efficiently computing static single
/// assignment form and the control dependence graph", 1991.
/// </summary>
internal sealed class PtxValues
{
    private readonly PtxFunction _function;
    private readonly ControlFlowGraph _graph;
    private readonly Dictionary<string, PtxValue>[] _phis;
    private readonly HashSet<string> _written;
    private readonly Dictionary<string, PtxValue> _unwritten = [];

    public PtxValues(PtxFunction function, ControlFlowGraph graph)
    {
        _function = function;
        _graph = graph;
        _written = [.. function.Instructions.SelectMany(instruction => instruction.Writes)];
        _phis = [.. function.Blocks.Select(_ => new Dictionary<string, PtxValue>())];
        PlacePhis();
        var children = function.Blocks.Select(_ => new List<int>()).ToArray();
        foreach (var block in graph.ReversePostOrder.Skip(1)) children[graph.ImmediateDominator[block]].Add(block);
        var pending = new Stack<(int Block, Dictionary<string, PtxValue> Known)>([(graph.ReversePostOrder[0], [])]);
        while (pending.TryPop(out var top))
        {
            var current = new Dictionary<string, PtxValue>(top.Known);
            Rename(top.Block, current);
            foreach (var child in children[top.Block]) pending.Push((child, current));
        }
    }

    public List<PtxValue> All { get; } = [];

    /// <summary>The values that each instruction reads.</summary>
    public Dictionary<PtxInstruction, List<PtxValue>> Read { get; } = new(ReferenceEqualityComparer.Instance);

    // Pruned SSA: a register gets a phi in the iterated dominance frontier of the blocks that write it, if it is live there.
    private void PlacePhis()
    {
        var frontiers = _graph.DominanceFrontiers();
        var liveIn = LiveIn();
        var writers = new Dictionary<string, List<int>>();
        foreach (var block in _graph.ReversePostOrder)
        {
            foreach (var register in _function.Blocks[block].Instructions.SelectMany(instruction => instruction.Writes))
            {
                if (!writers.TryGetValue(register, out var blocks)) writers[register] = blocks = [];
                blocks.Add(block);
            }
        }

        foreach (var (register, blocks) in writers.Where(writer => writer.Value.Count > 1))
        {
            var pending = new Stack<int>(blocks);
            while (pending.TryPop(out var block))
            {
                foreach (var phi in frontiers[block].Where(phi => liveIn[phi].Contains(register) && !_phis[phi].ContainsKey(register)))
                {
                    All.Add(_phis[phi][register] = new PtxValue(register, phi, null));
                    pending.Push(phi);
                }
            }
        }
    }

    // The registers that are live at the start of each block.
    private HashSet<string>[] LiveIn()
    {
        var liveIn = _function.Blocks.Select(_ => new HashSet<string>()).ToArray();
        var written = _function.Blocks.Select(_ => new HashSet<string>()).ToArray();
        var pending = new Stack<(int Block, string Register)>();
        foreach (var block in _graph.ReversePostOrder)
        {
            foreach (var instruction in _function.Blocks[block].Instructions)
            {
                foreach (var register in instruction.Reads.Where(register => !written[block].Contains(register))) pending.Push((block, register));
                written[block].UnionWith(instruction.Writes);
            }
        }

        while (pending.TryPop(out var next))
        {
            if (!liveIn[next.Block].Add(next.Register)) continue;
            foreach (var predecessor in _function.Blocks[next.Block].Predecessors.Where(block => !written[block].Contains(next.Register)))
                pending.Push((predecessor, next.Register));
        }

        return liveIn;
    }

    private void Rename(int block, Dictionary<string, PtxValue> current)
    {
        foreach (var (register, value) in _phis[block]) current[register] = value;
        foreach (var instruction in _function.Blocks[block].Instructions)
        {
            var read = instruction.Reads.Select(register => Current(register, current)).OfType<PtxValue>().ToList();
            Read[instruction] = read;
            foreach (var register in instruction.Writes)
            {
                var value = new PtxValue(register, block, instruction);
                foreach (var input in read) value.AddInput(input);
                All.Add(current[register] = value);
            }
        }

        foreach (var successor in _function.Blocks[block].Successors)
        {
            foreach (var (register, phi) in _phis[successor])
            {
                if (Current(register, current) is { } value) phi.AddInput(value);
            }
        }
    }

    // Null for a register that has not been written on this path: its content is not used.
    private PtxValue? Current(string register, Dictionary<string, PtxValue> current)
    {
        if (current.TryGetValue(register, out var value)) return value;
        if (_written.Contains(register)) return null;
        if (!_unwritten.TryGetValue(register, out value)) All.Add(_unwritten[register] = value = new PtxValue(register, _graph.ReversePostOrder[0], null));
        return value;
    }
}
