namespace Gpu.Tests.Compilation;

/// <summary>Reconvergence points: where the threads that diverged at a branch execute together again.</summary>
internal sealed class Reconvergence
{
    private readonly PtxFunction _function;
    private readonly ControlFlowGraph _postDominators;

    public Reconvergence(PtxFunction function)
    {
        _function = function;
        // Post-dominators are the dominators of the reversed graph, whose entry is a node after all returns.
        var exit = function.Blocks.Count;
        var ends = Enumerable.Range(0, exit).Where(block => function.Blocks[block].Successors.Count == 0).ToArray();
        var successors = function.Blocks.Select(block => (IReadOnlyList<int>)block.Predecessors).Append(ends).ToArray();
        var predecessors = function.Blocks.Select(block => (IReadOnlyList<int>)(block.Successors.Count == 0 ? [exit] : block.Successors)).Append([]).ToArray();
        _postDominators = new ControlFlowGraph(successors, predecessors, exit);
    }

    /// <summary>True if the threads that diverge at the end of <paramref name="block"/> reconverge within <paramref name="blocks"/>.</summary>
    public bool IsWithin(int block, HashSet<int> blocks) => _postDominators.IsReachable(block) && blocks.Contains(_postDominators.ImmediateDominator[block]);

    /// <summary>The blocks between the end of a block and its reconvergence point; all blocks reachable from it if there is none.</summary>
    public IReadOnlyCollection<int> Between(int block)
    {
        var last = _postDominators.IsReachable(block) ? _postDominators.ImmediateDominator[block] : -1;
        var found = new HashSet<int>();
        var pending = new Stack<int>(_function.Blocks[block].Successors);
        while (pending.TryPop(out var next))
        {
            if (next == last || !found.Add(next)) continue;
            foreach (var successor in _function.Blocks[next].Successors) pending.Push(successor);
        }

        return found;
    }

    /// <summary>
    /// The joins of <paramref name="branch"/>: the blocks that two otherwise disjoint paths from the branch lead to. By Menger's theorem these are the blocks
    /// with more than one incoming edge, back edges aside, whose immediate dominator is the branch when it is the entry. Paths end at the immediate
    /// post-dominator of the branch, where the assembler makes the threads reconverge.
    /// </summary>
    public IEnumerable<int> DivergentJoins(int branch)
    {
        var blocks = _function.Blocks;
        var last = _postDominators.IsReachable(branch) ? _postDominators.ImmediateDominator[branch] : -1;
        var successors = blocks
            .Select((block, number) => number == last ? (IReadOnlyList<int>)[] : [.. block.Successors.Where(successor => successor != branch)]).ToArray();
        var predecessors = blocks
            .Select((block, number) => number == branch ? (IReadOnlyList<int>)[] : [.. block.Predecessors.Where(predecessor => predecessor != last)]).ToArray();
        var graph = new ControlFlowGraph(successors, predecessors, branch);
        return graph.ReversePostOrder.Skip(1).Where(block => graph.ImmediateDominator[block] == branch
            && predecessors[block].Count(predecessor => graph.IsReachable(predecessor) && !graph.Dominates(block, predecessor)) > 1);
    }
}
