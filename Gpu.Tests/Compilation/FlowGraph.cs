namespace Gpu.Tests.Compilation;

/// <summary>
/// Dominators of a graph that is entered at one node, to which no edge leads. Node a dominates b when every way from the entry to b passes a.
/// Source of the algorithm: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm", 2001.
/// </summary>
internal sealed class FlowGraph
{
    private readonly int[] _number;

    public FlowGraph(IReadOnlyList<IReadOnlyList<int>> successors, IReadOnlyList<IReadOnlyList<int>> predecessors, int entry)
    {
        Predecessors = predecessors;
        Order = [.. Enumerable.Reverse(PostOrder(successors, entry))];
        _number = new int[successors.Count];
        Array.Fill(_number, int.MaxValue);
        for (var i = 0; i < Order.Length; i++) _number[Order[i]] = i;
        Parent = new int[successors.Count];
        Array.Fill(Parent, -1);
        Parent[entry] = entry;
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var node in Order.Skip(1))
            {
                var parent = -1;
                foreach (var predecessor in predecessors[node])
                {
                    if (Parent[predecessor] >= 0) parent = parent < 0 ? predecessor : Common(predecessor, parent);
                }

                changed |= Parent[node] != parent;
                Parent[node] = parent;
            }
        }
    }

    public IReadOnlyList<IReadOnlyList<int>> Predecessors { get; }

    /// <summary>The nodes that can be reached, each before its successors but for the edges that close loops.</summary>
    public int[] Order { get; }

    /// <summary>The nearest dominator of each node; of the entry itself, and -1 for what cannot be reached.</summary>
    public int[] Parent { get; }

    public bool Reaches(int node) => Parent[node] >= 0;

    public bool Dominates(int a, int b)
    {
        while (_number[b] > _number[a]) b = Parent[b];
        return a == b;
    }

    /// <summary>For each node the nodes where what it dominates meets something else: where a value written in it must be merged with others.</summary>
    public HashSet<int>[] Frontiers()
    {
        var frontiers = Parent.Select(_ => new HashSet<int>()).ToArray();
        foreach (var node in Order)
        {
            foreach (var predecessor in Predecessors[node].Where(Reaches))
            {
                for (var runner = predecessor; runner != Parent[node]; runner = Parent[runner]) frontiers[runner].Add(node);
            }
        }

        return frontiers;
    }

    /// <summary>The natural loops: for each header the nodes from which the header is reached again without leaving what it dominates.</summary>
    public Dictionary<int, HashSet<int>> Loops()
    {
        var loops = new Dictionary<int, HashSet<int>>();
        foreach (var header in Order)
        {
            foreach (var latch in Predecessors[header].Where(node => Reaches(node) && Dominates(header, node)))
            {
                if (!loops.TryGetValue(header, out var nodes)) loops[header] = nodes = [header];
                var open = new Stack<int>([latch]);
                while (open.TryPop(out var node))
                {
                    if (!nodes.Add(node)) continue;
                    foreach (var predecessor in Predecessors[node].Where(Reaches)) open.Push(predecessor);
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

    private int Common(int a, int b)
    {
        while (a != b)
        {
            while (_number[a] > _number[b]) a = Parent[a];
            while (_number[b] > _number[a]) b = Parent[b];
        }

        return a;
    }
}
