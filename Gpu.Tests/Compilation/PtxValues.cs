namespace Gpu.Tests.Compilation;

/// <summary>What a register holds from one write to the next (a value in static single assignment form), or the meeting of several such values.</summary>
internal sealed class PtxValue(string register, int block, PtxInstruction? instruction)
{
    public string Register => register;

    /// <summary>The block that writes it.</summary>
    public int Block => block;

    /// <summary>What writes it; null where the values of several ways meet.</summary>
    public PtxInstruction? Instruction => instruction;

    public List<PtxValue> Inputs { get; } = [];

    /// <summary>The values that have this one among their inputs.</summary>
    public List<PtxValue> Users { get; } = [];

    /// <summary>Why it can differ between the threads of a warp; null while it cannot.</summary>
    public string? Divergence { get; set; }

    public void Take(PtxValue input)
    {
        Inputs.Add(input);
        input.Users.Add(this);
    }
}

/// <summary>
/// The registers of a function in static single assignment form. Source: Cytron, Ferrante, Rosen, Wegman, Zadeck, "Efficiently computing static single
/// assignment form and the control dependence graph", 1991.
/// </summary>
internal sealed class PtxValues
{
    private readonly PtxFunction _function;
    private readonly FlowGraph _graph;
    private readonly Dictionary<string, PtxValue>[] _meetings;
    private readonly HashSet<string> _written;
    private readonly Dictionary<string, PtxValue> _unwritten = [];

    public PtxValues(PtxFunction function, FlowGraph graph)
    {
        _function = function;
        _graph = graph;
        _written = [.. function.Instructions.SelectMany(instruction => instruction.Writes)];
        _meetings = [.. function.Blocks.Select(_ => new Dictionary<string, PtxValue>())];
        PlaceMeetings();
        var children = function.Blocks.Select(_ => new List<int>()).ToArray();
        foreach (var block in graph.Order.Skip(1)) children[graph.Parent[block]].Add(block);
        var open = new Stack<(int Block, Dictionary<string, PtxValue> Known)>([(graph.Order[0], [])]);
        while (open.TryPop(out var top))
        {
            var known = new Dictionary<string, PtxValue>(top.Known);
            Rename(top.Block, known);
            foreach (var child in children[top.Block]) open.Push((child, known));
        }
    }

    public List<PtxValue> All { get; } = [];

    /// <summary>The values that each instruction reads.</summary>
    public Dictionary<PtxInstruction, List<PtxValue>> Read { get; } = new(ReferenceEqualityComparer.Instance);

    // A register that is written in a block has to be merged in the frontier of the block, and again in the frontier of that; if it is read afterwards.
    private void PlaceMeetings()
    {
        var frontiers = _graph.Frontiers();
        var needed = Needed();
        var writers = new Dictionary<string, List<int>>();
        foreach (var block in _graph.Order)
        {
            foreach (var register in _function.Blocks[block].Instructions.SelectMany(instruction => instruction.Writes))
            {
                if (!writers.TryGetValue(register, out var blocks)) writers[register] = blocks = [];
                blocks.Add(block);
            }
        }

        foreach (var (register, blocks) in writers.Where(writer => writer.Value.Count > 1))
        {
            var open = new Stack<int>(blocks);
            while (open.TryPop(out var block))
            {
                foreach (var meeting in frontiers[block].Where(meeting => needed[meeting].Contains(register) && !_meetings[meeting].ContainsKey(register)))
                {
                    All.Add(_meetings[meeting][register] = new PtxValue(register, meeting, null));
                    open.Push(meeting);
                }
            }
        }
    }

    // The registers whose content at the begin of each block is read, there or later.
    private HashSet<string>[] Needed()
    {
        var needed = _function.Blocks.Select(_ => new HashSet<string>()).ToArray();
        var written = _function.Blocks.Select(_ => new HashSet<string>()).ToArray();
        var open = new Stack<(int Block, string Register)>();
        foreach (var block in _graph.Order)
        {
            foreach (var instruction in _function.Blocks[block].Instructions)
            {
                foreach (var register in instruction.Reads.Where(register => !written[block].Contains(register))) open.Push((block, register));
                written[block].UnionWith(instruction.Writes);
            }
        }

        while (open.TryPop(out var next))
        {
            if (!needed[next.Block].Add(next.Register)) continue;
            foreach (var predecessor in _function.Blocks[next.Block].Predecessors.Where(block => !written[block].Contains(next.Register)))
                open.Push((predecessor, next.Register));
        }

        return needed;
    }

    private void Rename(int block, Dictionary<string, PtxValue> known)
    {
        foreach (var (register, value) in _meetings[block]) known[register] = value;
        foreach (var instruction in _function.Blocks[block].Instructions)
        {
            var read = instruction.Reads.Select(register => Current(register, known)).OfType<PtxValue>().ToList();
            Read[instruction] = read;
            foreach (var register in instruction.Writes)
            {
                var value = new PtxValue(register, block, instruction);
                foreach (var input in read) value.Take(input);
                All.Add(known[register] = value);
            }
        }

        foreach (var successor in _function.Blocks[block].Successors)
        {
            foreach (var (register, meeting) in _meetings[successor])
            {
                if (Current(register, known) is { } value) meeting.Take(value);
            }
        }
    }

    // Null for a register that nothing has been written to on this way: its content is not used.
    private PtxValue? Current(string register, Dictionary<string, PtxValue> known)
    {
        if (known.TryGetValue(register, out var value)) return value;
        if (_written.Contains(register)) return null;
        if (!_unwritten.TryGetValue(register, out value)) All.Add(_unwritten[register] = value = new PtxValue(register, _graph.Order[0], null));
        return value;
    }
}
