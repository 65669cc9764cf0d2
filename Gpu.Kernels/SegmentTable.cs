using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// An arena's segments in device memory, as the fused optimizer reads them: a list of blocks (first word, length, segment), none of which reaches over
/// the end of its segment, and the factors of each segment.
/// </summary>
public sealed class SegmentTable : IDisposable
{
    /// <summary>Words of the arena in a block, at most.</summary>
    public const int BlockLength = 1024;

    /// <summary>Words of the table a block: first word, length, segment, and one unused.</summary>
    internal const int BlockWords = 4;

    /// <summary>Words of the table a segment: factor of the learning rate, coupled decay, decoupled decay, L1 decay.</summary>
    internal const int SegmentWords = 4;

    private readonly DeviceBuffer? _owned;

    /// <summary>A table in memory of its own.</summary>
    public SegmentTable(ComputeDevice device, ParameterArena arena)
        : this(device, arena, device.Allocate(WordsFor(arena))) { }

    /// <summary>A table in memory of the caller's.</summary>
    /// <param name="device">the device</param>
    /// <param name="arena">the segments, at least one</param>
    /// <param name="memory">memory of the device, <see cref="WordsFor"/> words</param>
    /// <exception cref="ArgumentException">the memory has another length</exception>
    public SegmentTable(ComputeDevice device, ParameterArena arena, DeviceView memory)
    {
        memory.Require(WordsFor(arena), nameof(memory));
        ArenaLength = arena.Length;
        BlockCount = CountBlocks(arena);
        SegmentCount = arena.Segments.Count;
        Blocks = memory.First(BlockCount * BlockWords);
        Segments = memory.Slice(Blocks.Length, SegmentCount * SegmentWords);
        device.Upload<int>(ListBlocks(arena), Blocks);
        device.Upload<float>(ListFactors([.. arena.Segments.Select(segment => segment.Factors)]), Segments);
    }

    private SegmentTable(ComputeDevice device, ParameterArena arena, DeviceBuffer owned)
        : this(device, arena, owned.View) => _owned = owned;

    /// <summary>Words of the arenas.</summary>
    public int ArenaLength { get; }

    /// <summary>Blocks.</summary>
    public int BlockCount { get; }

    /// <summary>Segments.</summary>
    public int SegmentCount { get; }

    /// <summary>The blocks, <see cref="BlockWords"/> integers each.</summary>
    internal DeviceView Blocks { get; }

    /// <summary>The segments, <see cref="SegmentWords"/> floats each.</summary>
    internal DeviceView Segments { get; }

    /// <summary>Words of device memory that an arena's table takes.</summary>
    /// <exception cref="ArgumentException">the arena has no segments</exception>
    public static int WordsFor(ParameterArena arena)
    {
        if (arena.Segments.Count == 0) throw new ArgumentException("the arena has no parameters; add some first", nameof(arena));
        return checked(CountBlocks(arena) * BlockWords + arena.Segments.Count * SegmentWords);
    }

    /// <summary>Writes other factors, one for each segment: to freeze layers, say. Recorded launches see them from their next run on.</summary>
    /// <exception cref="ArgumentException">there are more or fewer than segments</exception>
    public void SetFactors(ComputeDevice device, IReadOnlyList<SegmentFactors> factors)
    {
        if (factors.Count != SegmentCount)
            throw new ArgumentException($"the arena has {SegmentCount} segments, but factors were given for {factors.Count}", nameof(factors));
        device.Upload<float>(ListFactors(factors), Segments);
    }

    /// <inheritdoc/>
    public void Dispose() => _owned?.Dispose();

    private static int CountBlocks(ParameterArena arena) => arena.Segments.Sum(segment => IntMath.DivRoundUp(segment.Length, BlockLength));

    private static int[] ListBlocks(ParameterArena arena)
    {
        var words = new List<int>();
        for (var s = 0; s < arena.Segments.Count; s++)
        {
            var segment = arena.Segments[s];
            for (var at = 0; at < segment.Length; at += BlockLength)
                words.AddRange([segment.Offset + at, Math.Min(BlockLength, segment.Length - at), s, 0]);
        }

        return [.. words];
    }

    private static float[] ListFactors(IReadOnlyList<SegmentFactors> factors) =>
        [.. factors.SelectMany(f => (float[])[f.LearningRate, f.CoupledDecay, f.DecoupledDecay, f.L1Decay])];
}
