namespace Gpu.Tests.Compilation;

/// <summary>Where threads that parted at a branch come together again.</summary>
internal sealed class Reconvergence
{
    private readonly PtxFunction _function;
    private readonly FlowGraph _graph;
    private readonly FlowGraph _backwards;

    public Reconvergence(PtxFunction function, FlowGraph graph)
    {
        _function = function;
        _graph = graph;
        // The graph of the reversed edges, entered at a node behind all returns.
        var exit = function.Blocks.Count;
        var ends = Enumerable.Range(0, exit).Where(block => function.Blocks[block].Successors.Count == 0).ToArray();
        var successors = function.Blocks.Select(block => (IReadOnlyList<int>)block.Predecessors).Append(ends).ToArray();
        var predecessors = function.Blocks.Select(block => (IReadOnlyList<int>)(block.Successors.Count == 0 ? [exit] : block.Successors)).Append([]).ToArray();
        _backwards = new FlowGraph(successors, predecessors, exit);
    }

    /// <summary>True when all threads that part at the end of <paramref name="block"/> come together within <paramref name="blocks"/>.</summary>
    public bool IsWithin(int block, HashSet<int> blocks) => _backwards.Reaches(block) && blocks.Contains(_backwards.Parent[block]);

    /// <summary>
    /// The blocks to which two ways lead from different successors of <paramref name="branch"/> that share no block before.
    /// </summary>
    public HashSet<int> Meetings(int branch)
    {
        // Each block gets the name of the last block that all ways from the branch to it pass: its own where different names arrive.
        var names = new int[_function.Blocks.Count];
        Array.Fill(names, -1);
        var meetings = new HashSet<int>();
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var block in _graph.Order)
            {
                if (block == branch) continue;
                var arriving = _graph.Predecessors[block]
                    .Select(predecessor => predecessor == branch ? block : names[predecessor] == block ? -1 : names[predecessor])
                    .Where(name => name >= 0).Distinct().ToArray();
                var name = arriving.Length switch { 0 => -1, 1 => arriving[0], _ => block };
                changed |= names[block] != name;
                names[block] = name;
                if (arriving.Length > 1) meetings.Add(block);
                else meetings.Remove(block);
            }
        }

        return meetings;
    }
}
