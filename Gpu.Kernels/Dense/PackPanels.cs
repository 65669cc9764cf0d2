using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Dense;

/// <summary>
/// Lays an operand of a matrix product out as <see cref="MatrixProduct{TMachine,TVector,TActivation}"/> reads it: its lines (rows of the left operand, columns of
/// the right one) in panels of <see cref="PanelLines"/>, filled up with zeros, and its depth (what is summed over) in chunks: [chunk, panel, depth, line].
/// An item is a group of neighbouring panels over a part of a chunk, or a panel over all chunks where sums are wanted.
/// </summary>
public struct PackPanels<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>Panels of an item: rows of the matrix are then read in pieces of several cache lines.</summary>
    public const int PanelsPerItem = 4;

    // How far ahead the matrix is asked for: rows, and (transposed) words of each row.
    private const int RowsAhead = 8, WordsAhead = 64;

    /// <summary>The matrix, [depth, lines], or [lines, depth] when <see cref="Transposed"/>; and the packed one.</summary>
    public TMachine Source, Packed;

    /// <summary>To each line's place here the sum of the line is added; read when <see cref="HasSums"/>, which a transposed matrix cannot have.</summary>
    public TMachine Sums;

    /// <summary>Extents of the matrix.</summary>
    public int Depth, Lines;

    /// <summary>Lines of a panel (a multiple of 4; of two vectors where sums are wanted), and panels.</summary>
    public int PanelLines, Panels;

    /// <summary>Depth of a chunk, depth of a part of it, and parts of a chunk.</summary>
    public int ChunkDepth, PartDepth, Parts;

    /// <summary>The depth is the matrix's inner axis.</summary>
    public Flag Transposed;

    /// <summary>Sums of the lines are wanted.</summary>
    public Flag HasSums;

    /// <summary>Words that a packed matrix takes.</summary>
    public static int PackedLength(int panels, int panelLines, int depth, int chunks) => checked(panels * (depth * panelLines + chunks * Gap(panelLines)));

    /// <summary>Where a panel of a chunk begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PanelStart(int panels, int panelLines, int chunkDepth, int chunk, int chunkLength, int panel) =>
        chunk * panels * (chunkDepth * panelLines + Gap(panelLines)) + panel * (chunkLength * panelLines + Gap(panelLines));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        if (HasSums) WithSums(item);
        else Group(item);
    }

    // Words behind each panel: the twelve rows of a left panel are no whole vectors, and the last of them run over the panel's end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Gap(int panelLines) => panelLines == MatrixProductGeometry.PanelRows ? 16 : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Group(int item)
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
        // Where the item's first row of the first panel lies, and words from one panel to the next.
        var packed = PanelStart(Panels, PanelLines, ChunkDepth, chunk, chunkLength, panel) + begin * PanelLines;
        var panelWords = chunkLength * PanelLines + Gap(PanelLines);
        if (Transposed)
        {
            for (; panel < lastPanel; panel++)
            {
                Transpose(panel, chunkBegin + begin, end - begin, TMachine.Slice(Packed, packed));
                packed += panelWords;
            }
        }
        else
        {
            Copy(panel, lastPanel, chunkBegin + begin, end - begin, TMachine.Slice(Packed, packed), panelWords);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Copy(int panel, int lastPanel, int begin, int length, TMachine to, int panelWords)
    {
        var from = TMachine.Slice(Source, begin * Lines);
        for (var k = length; k > 0; k--)
        {
            var target = to;
            for (var line = panel * PanelLines; line < lastPanel * PanelLines; line += PanelLines)
            {
                if (PanelLines == 2 * TMachine.Width && line + PanelLines <= Lines)
                {
                    TMachine.Prefetch(from, RowsAhead * Lines + line);
                    TMachine.Prefetch(from, RowsAhead * Lines + line + TMachine.Width);
                    TMachine.Store(target, 0, TMachine.Load(from, line));
                    TMachine.Store(target, TMachine.Width, TMachine.Load(from, line + TMachine.Width));
                }
                else
                {
                    TMachine.Prefetch(from, RowsAhead * Lines + line);
                    for (var at = line; at < line + PanelLines; at += TMachine.Width)
                        TMachine.Store(target, at - line, at + TMachine.Width <= Lines ? TMachine.Load(from, at) : TMachine.LoadPartial(from, at, Math.Max(0, Lines - at)));
                }

                target = TMachine.Slice(target, panelWords);
            }

            from = TMachine.Slice(from, Lines);
            to = TMachine.Slice(to, PanelLines);
        }
    }

    // A panel over all chunks, two vectors at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void WithSums(int panel)
    {
        var first = panel * PanelLines;
        for (var line = first; line < first + PanelLines; line += 2 * TMachine.Width)
        {
            var left = Lines - line;
            var from = TMachine.Slice(Source, line);
            // Two sums of each vector take turns: each add waits for the one before it.
            TVector even0 = TMachine.Zero, odd0 = TMachine.Zero, even1 = TMachine.Zero, odd1 = TMachine.Zero;
            for (var chunk = 0; chunk * ChunkDepth < Depth; chunk++)
            {
                var length = Math.Min(ChunkDepth, Depth - chunk * ChunkDepth);
                var to = TMachine.Slice(Packed, PanelStart(Panels, PanelLines, ChunkDepth, chunk, length, panel) + line - first);
                for (var k = length; k > 0; k--)
                {
                    TMachine.Prefetch(from, RowsAhead * Lines);
                    TMachine.Prefetch(from, RowsAhead * Lines + TMachine.Width);
                    var value0 = TMachine.LoadPartial(from, 0, left);
                    var value1 = TMachine.LoadPartial(from, TMachine.Width, left - TMachine.Width);
                    TMachine.Store(to, 0, value0);
                    TMachine.Store(to, TMachine.Width, value1);
                    var sum0 = TMachine.Add(even0, value0);
                    var sum1 = TMachine.Add(even1, value1);
                    even0 = odd0;
                    even1 = odd1;
                    odd0 = sum0;
                    odd1 = sum1;
                    from = TMachine.Slice(from, Lines);
                    to = TMachine.Slice(to, PanelLines);
                }
            }

            AddSum(line, TMachine.Add(even0, odd0));
            AddSum(line + TMachine.Width, TMachine.Add(even1, odd1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AddSum(int line, TVector sum) =>
        TMachine.StorePartial(Sums, line, TMachine.Add(TMachine.LoadPartial(Sums, line, Lines - line), sum), Lines - line);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Transpose(int panel, int begin, int length, TMachine packed)
    {
        var first = panel * PanelLines;
        // From the last vector of a row to the first: the last may run over its end, onto what the first of the next row then writes.
        for (var line = first + (PanelLines - 1) / TMachine.Width * TMachine.Width; line >= first; line -= TMachine.Width)
        {
            var from = TMachine.Slice(Source, line * Depth + begin);
            var to = TMachine.Slice(packed, line - first);
            var rows = Lines - line;
            for (var left = length; left > 0; left -= TMachine.Width)
            {
                if (!TMachine.ItemIsThread)
                {
                    for (var row = Math.Min(rows, TMachine.Width) - 1; row >= 0; row--) TMachine.Prefetch(from, row * Depth + WordsAhead);
                }

                TMachine.Transpose(from, Depth, rows, left, to, PanelLines);
                from = TMachine.Slice(from, TMachine.Width);
                to = TMachine.Slice(to, TMachine.Width * PanelLines);
            }
        }
    }
}
