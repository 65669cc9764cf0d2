using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>What the optimizer does differently for each segment of the arena.</summary>
public sealed record SegmentFactors
{
    /// <summary>Factor of the learning rate; 0 freezes the segment.</summary>
    public float LearningRate { get; init; } = 1f;

    /// <summary>Coupled (L2) weight decay: decay * p is added to the gradient of parameter p.</summary>
    public float CoupledDecay { get; init; }

    /// <summary>Decoupled weight decay: p is multiplied by 1 - learning rate * decay before the step, as in AdamW.</summary>
    public float DecoupledDecay { get; init; }

    /// <summary>L1 decay: decay * sign(p) is added to the gradient of parameter p; sign(0) is 0.</summary>
    public float L1Decay { get; init; }

    /// <summary>Constant weight decay: p is multiplied by 1 - decay in each step, whatever the learning rate is. It adds to the decoupled decay.</summary>
    public float ConstantDecay { get; init; }

    /// <summary>
    /// Proximal L1 decay: <see cref="SoftThreshold"/> moves p towards 0 by learning rate * threshold, and sets it to 0 if it is nearer.
    /// <see cref="FusedOptimizer"/> does not use it.
    /// </summary>
    public float L1Threshold { get; init; }

    /// <summary>No decay, and the learning rate unchanged.</summary>
    public static SegmentFactors Default { get; } = new();
}

/// <summary>A parameter tensor in the arena.</summary>
/// <param name="Name">its name, unique in the arena</param>
/// <param name="Offset">its first word, a multiple of <see cref="ParameterArena.Alignment"/></param>
/// <param name="Length">its length in words</param>
/// <param name="Factors">how the optimizer treats it</param>
public sealed record ParameterSegment(string Name, int Offset, int Length, SegmentFactors Factors)
{
    /// <summary>The part of an arena that belongs to this segment.</summary>
    /// <param name="arena">all parameters, all gradients, all averages or one state of the optimizer</param>
    /// <exception cref="ArgumentOutOfRangeException">the arena is too short</exception>
    public DeviceView In(DeviceView arena) => arena.Slice(Offset, Length);
}

/// <summary>
/// The layout of the parameter arenas: all parameters in one buffer, all gradients in a second and the optimizer state in a third, with the same offsets in
/// each. The optimizer then needs only one launch; see <see cref="FusedOptimizer"/>.
/// </summary>
/// <example><code>
/// var arena = new ParameterArena();
/// var weights = arena.Add("conv1.weight", shape.WeightLength);
/// using var parameters = device.Allocate(arena.Length);
/// Conv2d.Forward(device, shape, x, weights.In(parameters.View), bias, y, Activation.Relu, workspace);
/// </code></example>
public sealed class ParameterArena
{
    /// <summary>Alignment of the segments, in words.</summary>
    public const int Alignment = 16;

    private readonly List<ParameterSegment> _segments = [];
    private readonly HashSet<string> _names = [];

    /// <summary>The segments in the order of their offsets.</summary>
    public IReadOnlyList<ParameterSegment> Segments => _segments;

    /// <summary>Length of an arena in words, a multiple of <see cref="Alignment"/>.</summary>
    public int Length { get; private set; }

    /// <summary>The number of parameters: the length without the padding between segments.</summary>
    public long ParameterCount => _segments.Sum(segment => (long)segment.Length);

    /// <summary>Appends a tensor.</summary>
    /// <param name="name">its name, unique in the arena</param>
    /// <param name="length">its length in words, at least 1</param>
    /// <param name="factors">how the optimizer treats it; null for <see cref="SegmentFactors.Default"/></param>
    /// <returns>the segment of the tensor</returns>
    /// <exception cref="ArgumentException">the name is already used, or a factor is not finite</exception>
    /// <exception cref="ArgumentOutOfRangeException">the length is below 1</exception>
    /// <exception cref="OverflowException">the arena would be longer than 2^31 - 1 words</exception>
    public ParameterSegment Add(string name, int length, SegmentFactors? factors = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        factors ??= SegmentFactors.Default;
        ReadOnlySpan<float> all =
        [
            factors.LearningRate, factors.CoupledDecay, factors.DecoupledDecay, factors.L1Decay, factors.ConstantDecay, factors.L1Threshold,
        ];
        foreach (var factor in all)
        {
            if (!float.IsFinite(factor))
                throw new ArgumentException($"the factors of parameter '{name}' must be finite numbers, but are {factors}", nameof(factors));
        }

        if (!_names.Add(name)) throw new ArgumentException($"the arena already has a parameter '{name}'", nameof(name));
        var segment = new ParameterSegment(name, Length, length, factors);
        Length = ShapeLimits.Length("the arena", (long)Length + IntMath.RoundUp(length, Alignment));
        _segments.Add(segment);
        return segment;
    }
}
