using Gpu.Kernels;

namespace Gpu.Training.Loop;

/// <summary>
/// Statistics of a parameter tensor at the end of an epoch. Gradient and update are those of the last step of the epoch; if
/// its learning rate is 0, the update is that of a step in the middle of the epoch.
/// </summary>
public sealed record LayerStatistics
{
    /// <summary>The full name of the parameter, such as <c>conv1.weight</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Number of values.</summary>
    public required int Length { get; init; }

    /// <summary>Whether it is the weight of a layer, not a bias or a parameter of batch normalization.</summary>
    public required bool IsWeight { get; init; }

    /// <summary>L2 norm of the weights.</summary>
    public required double WeightNorm { get; init; }

    /// <summary>L2 norm of the gradient of the mean loss of a batch, before clipping and without decay that the optimizer adds.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>L2 norm of the change of the weights in the step, divided by the norm of the weights before it; 0 if those were all 0.</summary>
    public required double UpdateRatio { get; init; }

    /// <summary>Share of the weights with |w| below <see cref="WeightStatistics.SmallShare"/> times the largest, 0 to 1.</summary>
    public required double SmallShare { get; init; }

    /// <summary>Share of the weights that are exactly 0, 0 to 1.</summary>
    public required double ZeroShare { get; init; }

    /// <summary>The largest |w|.</summary>
    public required double Largest { get; init; }

    /// <summary>
    /// Number of weights in each of <see cref="WeightStatistics.Bins"/> bins of equal width from -<see cref="Largest"/> to <see cref="Largest"/>.
    /// </summary>
    public required IReadOnlyList<long> Histogram { get; init; }

    /// <summary>
    /// The learning rate of the step divided by the squared norm of the weights, for weights whose layer is followed by batch normalization: the scale of such
    /// weights has no effect on the output, so this is the step of their direction. Null for others. Source: van Laarhoven, "L2 regularization versus batch and
    /// weight normalization", 2017.
    /// </summary>
    public double? EffectiveLearningRate { get; init; }
}
