using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// The segments of an arena in device memory, as the fused optimizer reads them. A list of blocks (first word, length, segment) divides the segments into
/// equal work; a block never crosses the end of its segment. A second list holds the factors of each segment.
/// </summary>
public sealed class SegmentTable : IDisposable
{
    /// <summary>The most words of the arena in a block.</summary>
    public const int BlockLength = 1024;

    /// <summary>Words of the table per block: first word, length, segment, and one unused.</summary>
    internal const int BlockWords = 4;

    /// <summary>Words of the table per segment: learning-rate factor, coupled, decoupled, L1 and constant decay, L1 threshold, and two unused.</summary>
    internal const int SegmentWords = 8;

    private readonly DeviceBuffer? _owned;

    /// <summary>Creates a table, and allocates its memory.</summary>
    /// <param name="device">the device</param>
    /// <param name="arena">the segments, at least one</param>
    /// <exception cref="ArgumentException">the arena has no segments</exception>
    /// <exception cref="OutOfDeviceMemoryException">the device does not have enough memory</exception>
    public SegmentTable(ComputeDevice device, ParameterArena arena)
        : this(device, arena, device.Allocate(WordsFor(arena))) { }

    /// <summary>Creates a table in memory of the caller.</summary>
    /// <param name="device">the device</param>
    /// <param name="arena">the segments, at least one</param>
    /// <param name="memory">memory of the device, <see cref="WordsFor"/> words; the table does not dispose it</param>
    /// <exception cref="ArgumentException">the arena has no segments, or the memory has the wrong length</exception>
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

    /// <summary>Length of an arena in words.</summary>
    public int ArenaLength { get; }

    /// <summary>The number of blocks.</summary>
    public int BlockCount { get; }

    /// <summary>The number of segments.</summary>
    public int SegmentCount { get; }

    /// <summary>The blocks, <see cref="BlockWords"/> integers each.</summary>
    internal DeviceView Blocks { get; }

    /// <summary>The factors of the segments, <see cref="SegmentWords"/> floats each.</summary>
    internal DeviceView Segments { get; }

    /// <summary>Words of device memory for the table of an arena.</summary>
    /// <param name="arena">the segments, at least one</param>
    /// <exception cref="ArgumentException">the arena has no segments</exception>
    public static int WordsFor(ParameterArena arena)
    {
        if (arena.Segments.Count == 0) throw new ArgumentException("the arena has no parameters; add some first", nameof(arena));
        return checked(CountBlocks(arena) * BlockWords + arena.Segments.Count * SegmentWords);
    }

    /// <summary>Replaces the factors of the segments, for example to freeze layers. Recorded launches use them from their next run on.</summary>
    /// <param name="device">the device of the table</param>
    /// <param name="factors">the factors, one per segment</param>
    /// <exception cref="ArgumentException">the number of factors is not <see cref="SegmentCount"/></exception>
    public void SetFactors(ComputeDevice device, IReadOnlyList<SegmentFactors> factors)
    {
        if (factors.Count != SegmentCount)
            throw new ArgumentException($"the arena has {SegmentCount} segments, but factors were given for {factors.Count}", nameof(factors));
        device.Upload<float>(ListFactors(factors), Segments);
    }

    /// <summary>Frees the memory of the table, unless it belongs to the caller.</summary>
    public void Dispose() => _owned?.Dispose();

    internal static int CountBlocks(ParameterArena arena) => arena.Segments.Sum(segment => IntMath.DivRoundUp(segment.Length, BlockLength));

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
        [.. factors.SelectMany(f => (float[])[f.LearningRate, f.CoupledDecay, f.DecoupledDecay, f.L1Decay, f.ConstantDecay, f.L1Threshold, 0, 0])];
}
