using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.MatrixProducts;

/// <summary>
/// Packs an operand of <see cref="MatrixProduct{TBackend,TVector,TActivation}"/> into [chunk, panel, depth, line], the order in which it is read. Lines are the
/// rows of a left operand or the columns of a right one, in panels of <see cref="PanelLines"/> padded with zeros; depth is the dimension that is summed over.
/// An item is a group of neighbouring panels over a part of a chunk, or one panel over all chunks if sums are computed.
/// </summary>
internal struct PackPanels<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Panels of an item: enough to read several neighbouring cache lines of each row of the matrix.</summary>
    public const int PanelsPerItem = 4;

    // How far ahead the matrix is prefetched: in rows, or (transposed) in words of each row.
    private const int RowsAhead = 8, WordsAhead = 64;

    /// <summary>The matrix [depth, lines], or [lines, depth] if <see cref="Transposed"/>; and the packed matrix.</summary>
    public TBackend Source, Packed;

    /// <summary>[lines]: the sum of each line is added here if <see cref="HasSums"/>, which is not for transposed matrices.</summary>
    public TBackend Sums;

    /// <summary>Sizes of the matrix.</summary>
    public int Depth, Lines;

    /// <summary>Lines of a panel (a multiple of 4, or of two vectors if <see cref="HasSums"/>), and number of panels.</summary>
    public int PanelLines, Panels;

    /// <summary>Depth of a chunk, depth of a part of a chunk, and parts of a chunk.</summary>
    public int ChunkDepth, PartDepth, Parts;

    /// <summary>The depth is the inner dimension of the matrix.</summary>
    public Flag Transposed;

    /// <summary>The lines are summed too.</summary>
    public Flag HasSums;

    /// <summary>Words of a packed matrix.</summary>
    public static int PackedLength(int panels, int panelLines, int depth, int chunks) =>
        ShapeLimits.Length("the workspace", panels, (long)depth * panelLines + (long)chunks * Gap(panelLines));

    /// <summary>Index of the first word of a panel of a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PanelStart(int panels, int panelLines, int chunkDepth, int chunk, int chunkLength, int panel) =>
        chunk * panels * (chunkDepth * panelLines + Gap(panelLines)) + panel * (chunkLength * panelLines + Gap(panelLines));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        if (HasSums) PackWithSums(item);
        else Pack(item);
    }

    // Unused words behind each panel: twelve rows are not a multiple of the widest vector, so the last store runs past the end of a left panel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Gap(int panelLines) => panelLines == MatrixProductGeometry.PanelRows ? 16 : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Pack(int item)
    {
        var groups = (Panels + PanelsPerItem - 1) / PanelsPerItem;
        var part = item / groups;
        var panel = (item - part * groups) * PanelsPerItem;
        var lastPanel = Math.Min(Panels, panel + PanelsPerItem);
        var chunk = part / Parts;
        var chunkBegin = chunk * ChunkDepth;
        var chunkLength = Math.Min(ChunkDepth, Depth - chunkBegin);
        var begin = (part - chunk * Parts) * PartDepth;
        var end = Math.Min(begin + PartDepth, chunkLength);
        // Index of the first row of the first panel of the item, and words from one panel to the next.
        var packed = PanelStart(Panels, PanelLines, ChunkDepth, chunk, chunkLength, panel) + begin * PanelLines;
        var panelWords = chunkLength * PanelLines + Gap(PanelLines);
        if (Transposed)
        {
            for (; panel < lastPanel; panel++)
            {
                Transpose(panel, chunkBegin + begin, end - begin, TBackend.Slice(Packed, packed));
                packed += panelWords;
            }
        }
        else
        {
            Copy(panel, lastPanel, chunkBegin + begin, end - begin, TBackend.Slice(Packed, packed), panelWords);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Copy(int panel, int lastPanel, int begin, int length, TBackend to, int panelWords)
    {
        var from = TBackend.Slice(Source, begin * Lines);
        for (var k = length; k > 0; k--)
        {
            var target = to;
            for (var line = panel * PanelLines; line < lastPanel * PanelLines; line += PanelLines)
            {
                if (PanelLines == 2 * TBackend.Width && line + PanelLines <= Lines)
                {
                    TBackend.Prefetch(from, RowsAhead * Lines + line);
                    TBackend.Prefetch(from, RowsAhead * Lines + line + TBackend.Width);
                    TBackend.Store(target, 0, TBackend.Load(from, line));
                    TBackend.Store(target, TBackend.Width, TBackend.Load(from, line + TBackend.Width));
                }
                else
                {
                    TBackend.Prefetch(from, RowsAhead * Lines + line);
                    for (var at = line; at < line + PanelLines; at += TBackend.Width)
                        TBackend.Store(
                            target, at - line,
                            at + TBackend.Width <= Lines ? TBackend.Load(from, at) : TBackend.LoadPartial(from, at, Math.Max(0, Lines - at)));
                }

                target = TBackend.Slice(target, panelWords);
            }

            from = TBackend.Slice(from, Lines);
            to = TBackend.Slice(to, PanelLines);
        }
    }

    // Packs a panel over all chunks, two vectors at a time, and sums its lines.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackWithSums(int panel)
    {
        var first = panel * PanelLines;
        for (var line = first; line < first + PanelLines; line += 2 * TBackend.Width)
        {
            var left = Lines - line;
            var from = TBackend.Slice(Source, line);
            // Two alternating sums of each vector, to hide the latency of the additions.
            TVector even0 = TBackend.Zero, odd0 = TBackend.Zero, even1 = TBackend.Zero, odd1 = TBackend.Zero;
            for (var chunk = 0; chunk * ChunkDepth < Depth; chunk++)
            {
                var length = Math.Min(ChunkDepth, Depth - chunk * ChunkDepth);
                var to = TBackend.Slice(Packed, PanelStart(Panels, PanelLines, ChunkDepth, chunk, length, panel) + line - first);
                for (var k = length; k > 0; k--)
                {
                    TBackend.Prefetch(from, RowsAhead * Lines);
                    TBackend.Prefetch(from, RowsAhead * Lines + TBackend.Width);
                    var value0 = TBackend.LoadPartial(from, 0, left);
                    var value1 = TBackend.LoadPartial(from, TBackend.Width, left - TBackend.Width);
                    TBackend.Store(to, 0, value0);
                    TBackend.Store(to, TBackend.Width, value1);
                    var sum0 = TBackend.Add(even0, value0);
                    var sum1 = TBackend.Add(even1, value1);
                    even0 = odd0;
                    even1 = odd1;
                    odd0 = sum0;
                    odd1 = sum1;
                    from = TBackend.Slice(from, Lines);
                    to = TBackend.Slice(to, PanelLines);
                }
            }

            AddSum(line, TBackend.Add(even0, odd0));
            AddSum(line + TBackend.Width, TBackend.Add(even1, odd1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AddSum(int line, TVector sum) =>
        TBackend.StorePartial(Sums, line, TBackend.Add(TBackend.LoadPartial(Sums, line, Lines - line), sum), Lines - line);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Transpose(int panel, int begin, int length, TBackend packed)
    {
        var first = panel * PanelLines;
        // From the last vector of a row to the first: the last may run past the end of the row, onto words that the next row then writes.
        for (var line = first + (PanelLines - 1) / TBackend.Width * TBackend.Width; line >= first; line -= TBackend.Width)
        {
            var from = TBackend.Slice(Source, line * Depth + begin);
            var to = TBackend.Slice(packed, line - first);
            var rows = Lines - line;
            for (var left = length; left > 0; left -= TBackend.Width)
            {
                if (!TBackend.IsGpu)
                {
                    for (var row = Math.Min(rows, TBackend.Width) - 1; row >= 0; row--) TBackend.Prefetch(from, row * Depth + WordsAhead);
                }

                TBackend.Transpose(from, Depth, rows, left, to, PanelLines);
                from = TBackend.Slice(from, TBackend.Width);
                to = TBackend.Slice(to, TBackend.Width * PanelLines);
            }
        }
    }
}
