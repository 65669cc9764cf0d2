namespace Gpu.Tests.Compilation;

/// <summary>Where threads that parted at a branch come together again.</summary>
internal sealed class Reconvergence
{
    private readonly PtxFunction _function;
    private readonly FlowGraph _backwards;

    public Reconvergence(PtxFunction function)
    {
        _function = function;
        // The graph of the reversed edges, entered at a node behind all returns.
        var exit = function.Blocks.Count;
        var ends = Enumerable.Range(0, exit).Where(block => function.Blocks[block].Successors.Count == 0).ToArray();
        var successors = function.Blocks.Select(block => (IReadOnlyList<int>)block.Predecessors).Append(ends).ToArray();
        var predecessors = function.Blocks.Select(block => (IReadOnlyList<int>)(block.Successors.Count == 0 ? [exit] : block.Successors)).Append([]).ToArray();
        _backwards = new FlowGraph(successors, predecessors, exit);
    }

    /// <summary>True when all threads that part at the end of <paramref name="block"/> come together within <paramref name="blocks"/>.</summary>
    public bool IsWithin(int block, HashSet<int> blocks) => _backwards.Reaches(block) && blocks.Contains(_backwards.Parent[block]);

    /// <summary>The blocks on the ways from a block's end to where all of them meet; all that can be reached where they never do.</summary>
    public IReadOnlyCollection<int> Between(int block)
    {
        var last = _backwards.Reaches(block) ? _backwards.Parent[block] : -1;
        var found = new HashSet<int>();
        var open = new Stack<int>(_function.Blocks[block].Successors);
        while (open.TryPop(out var next))
        {
            if (next == last || !found.Add(next)) continue;
            foreach (var successor in _function.Blocks[next].Successors) open.Push(successor);
        }

        return found;
    }

    /// <summary>
    /// The blocks to which two ways lead from <paramref name="branch"/> that share no block before: those which the branch itself is the nearest dominator of
    /// when everything begins at the branch (Menger's theorem), and which more than one edge leads to. Nothing is followed beyond the first block that all ways
    /// pass: there the assembler makes the threads wait for each other.
    /// </summary>
    public IEnumerable<int> Meetings(int branch)
    {
        var blocks = _function.Blocks;
        var last = _backwards.Reaches(branch) ? _backwards.Parent[branch] : -1;
        var successors = blocks
            .Select((block, number) => number == last ? (IReadOnlyList<int>)[] : [.. block.Successors.Where(successor => successor != branch)]).ToArray();
        var predecessors = blocks
            .Select((block, number) => number == branch ? (IReadOnlyList<int>)[] : [.. block.Predecessors.Where(predecessor => predecessor != last)]).ToArray();
        var graph = new FlowGraph(successors, predecessors, branch);
        return graph.Order.Skip(1).Where(block =>
            graph.Parent[block] == branch && predecessors[block].Count(predecessor => graph.Reaches(predecessor) && !graph.Dominates(block, predecessor)) > 1);
    }
}
