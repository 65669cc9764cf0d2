namespace Gpu.Tests.Compilation;

/// <summary>
/// Dominators, dominance frontiers and natural loops of a control-flow graph whose entry node has no predecessors. Node a dominates b if every path from the
/// entry to b passes through a. Source of the algorithm: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm", 2001.
/// </summary>
internal sealed class ControlFlowGraph
{
    private readonly int[] _orderIndex;

    public ControlFlowGraph(IReadOnlyList<IReadOnlyList<int>> successors, IReadOnlyList<IReadOnlyList<int>> predecessors, int entry)
    {
        Predecessors = predecessors;
        ReversePostOrder = [.. Enumerable.Reverse(PostOrder(successors, entry))];
        _orderIndex = new int[successors.Count];
        Array.Fill(_orderIndex, int.MaxValue);
        for (var i = 0; i < ReversePostOrder.Length; i++) _orderIndex[ReversePostOrder[i]] = i;
        ImmediateDominator = new int[successors.Count];
        Array.Fill(ImmediateDominator, -1);
        ImmediateDominator[entry] = entry;
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var node in ReversePostOrder.Skip(1))
            {
                var dominator = -1;
                foreach (var predecessor in predecessors[node])
                {
                    if (ImmediateDominator[predecessor] >= 0) dominator = dominator < 0 ? predecessor : Intersect(predecessor, dominator);
                }

                changed |= ImmediateDominator[node] != dominator;
                ImmediateDominator[node] = dominator;
            }
        }
    }

    public IReadOnlyList<IReadOnlyList<int>> Predecessors { get; }

    /// <summary>The reachable nodes in reverse post-order: each node before its successors, except along back edges.</summary>
    public int[] ReversePostOrder { get; }

    /// <summary>The immediate dominator of each node; the entry's is the entry itself, and that of an unreachable node is -1.</summary>
    public int[] ImmediateDominator { get; }

    public bool IsReachable(int node) => ImmediateDominator[node] >= 0;

    public bool Dominates(int a, int b)
    {
        while (_orderIndex[b] > _orderIndex[a]) b = ImmediateDominator[b];
        return a == b;
    }

    /// <summary>
    /// The dominance frontier of each node: the nodes it does not strictly dominate but of which it dominates a predecessor. A value written in the node needs
    /// a phi there.
    /// </summary>
    public HashSet<int>[] DominanceFrontiers()
    {
        var frontiers = ImmediateDominator.Select(_ => new HashSet<int>()).ToArray();
        foreach (var node in ReversePostOrder)
        {
            foreach (var predecessor in Predecessors[node].Where(IsReachable))
            {
                for (var runner = predecessor; runner != ImmediateDominator[node]; runner = ImmediateDominator[runner]) frontiers[runner].Add(node);
            }
        }

        return frontiers;
    }

    /// <summary>The natural loops: for each loop header, the nodes of its loop. Back edges to the same header are merged into one loop.</summary>
    public Dictionary<int, HashSet<int>> NaturalLoops()
    {
        var loops = new Dictionary<int, HashSet<int>>();
        foreach (var header in ReversePostOrder)
        {
            foreach (var latch in Predecessors[header].Where(node => IsReachable(node) && Dominates(header, node)))
            {
                if (!loops.TryGetValue(header, out var nodes)) loops[header] = nodes = [header];
                var pending = new Stack<int>([latch]);
                while (pending.TryPop(out var node))
                {
                    if (!nodes.Add(node)) continue;
                    foreach (var predecessor in Predecessors[node].Where(IsReachable)) pending.Push(predecessor);
                }
            }
        }

        return loops;
    }

    private static List<int> PostOrder(IReadOnlyList<IReadOnlyList<int>> successors, int entry)
    {
        var order = new List<int>();
        var seen = new HashSet<int> { entry };
        var path = new Stack<(int Node, int Next)>([(entry, 0)]);
        while (path.TryPop(out var top))
        {
            if (top.Next == successors[top.Node].Count)
            {
                order.Add(top.Node);
                continue;
            }

            path.Push((top.Node, top.Next + 1));
            var successor = successors[top.Node][top.Next];
            if (seen.Add(successor)) path.Push((successor, 0));
        }

        return order;
    }

    private int Intersect(int a, int b)
    {
        while (a != b)
        {
            while (_orderIndex[a] > _orderIndex[b]) a = ImmediateDominator[a];
            while (_orderIndex[b] > _orderIndex[a]) b = ImmediateDominator[b];
        }

        return a;
    }
}
