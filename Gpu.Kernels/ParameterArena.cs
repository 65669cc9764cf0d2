using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>What the optimizer does differently from one segment of the arena to the next.</summary>
public sealed record SegmentFactors
{
    /// <summary>The learning rate is multiplied by it; 0 freezes the segment.</summary>
    public float LearningRate { get; init; } = 1f;

    /// <summary>Coupled L2 decay: it times the parameter is added to the gradient.</summary>
    public float CoupledDecay { get; init; }

    /// <summary>Decoupled decay: the parameter is multiplied by 1 - learning rate * decay before the step, as in AdamW.</summary>
    public float DecoupledDecay { get; init; }

    /// <summary>L1 decay: it times the sign of the parameter is added to the gradient; the sign of 0 is 0.</summary>
    public float L1Decay { get; init; }

    /// <summary>No decay, and the learning rate as it is.</summary>
    public static SegmentFactors Default { get; } = new();
}

/// <summary>A parameter tensor in the arena.</summary>
/// <param name="Name">its name, unique in the arena</param>
/// <param name="Offset">its first word, a multiple of <see cref="ParameterArena.Alignment"/></param>
/// <param name="Length">its words</param>
/// <param name="Factors">how the optimizer treats it</param>
public sealed record ParameterSegment(string Name, int Offset, int Length, SegmentFactors Factors)
{
    /// <summary>The segment in an arena: of parameters, gradients, averages or a part of the optimizer's state.</summary>
    public DeviceView In(DeviceView arena) => arena.Slice(Offset, Length);
}

/// <summary>
/// The layout of the arenas: all parameters in one buffer, their gradients in another, the optimizer's state in a third, each with the same offsets.
/// </summary>
public sealed class ParameterArena
{
    /// <summary>Words to whose multiples segments are aligned.</summary>
    public const int Alignment = 16;

    private readonly List<ParameterSegment> _segments = [];
    private readonly HashSet<string> _names = [];

    /// <summary>The segments, in the order of their offsets.</summary>
    public IReadOnlyList<ParameterSegment> Segments => _segments;

    /// <summary>Words of the arena, a multiple of <see cref="Alignment"/>.</summary>
    public int Length { get; private set; }

    /// <summary>Parameters in the arena: its length without what alignment takes.</summary>
    public long ParameterCount => _segments.Sum(segment => (long)segment.Length);

    /// <summary>Appends a tensor.</summary>
    /// <param name="name">its name</param>
    /// <param name="length">its words, 1 or more</param>
    /// <param name="factors">how the optimizer treats it; <see cref="SegmentFactors.Default"/> when none</param>
    /// <exception cref="ArgumentException">the name is taken, or a factor is not a finite number</exception>
    /// <exception cref="OverflowException">the arena would pass 2^31 - 1 words</exception>
    public ParameterSegment Add(string name, int length, SegmentFactors? factors = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        factors ??= SegmentFactors.Default;
        foreach (var factor in (ReadOnlySpan<float>)[factors.LearningRate, factors.CoupledDecay, factors.DecoupledDecay, factors.L1Decay])
            if (!float.IsFinite(factor)) throw new ArgumentException($"the factors of parameter '{name}' must be finite numbers, but are {factors}", nameof(factors));
        if (!_names.Add(name)) throw new ArgumentException($"the arena has a parameter '{name}' already", nameof(name));
        var segment = new ParameterSegment(name, Length, length, factors);
        Length = checked(Length + IntMath.RoundUp(length, Alignment));
        _segments.Add(segment);
        return segment;
    }
}
