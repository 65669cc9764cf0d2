using Gpu.Training.Loop;

namespace Gpu.Training.Search;

/// <summary>A choice of settings to try; null leaves a setting as it is.</summary>
/// <param name="WeightDecay">the weight decay</param>
/// <param name="LearningRate">the learning rate</param>
/// <param name="Dropout">the probability of the dropout layers</param>
public sealed record SearchPoint(float? WeightDecay = null, float? LearningRate = null, float? Dropout = null)
{
    /// <summary>Every combination of the values, in their order; an empty list leaves a setting as it is.</summary>
    public static IReadOnlyList<SearchPoint> Grid(IReadOnlyList<float> weightDecays, IReadOnlyList<float> learningRates, IReadOnlyList<float> dropouts) =>
    [
        .. from decay in OrUnchanged(weightDecays)
           from rate in OrUnchanged(learningRates)
           from dropout in OrUnchanged(dropouts)
           select new SearchPoint(decay, rate, dropout),
    ];

    /// <summary>Training options with the point's settings.</summary>
    public TrainingOptions ApplyTo(TrainingOptions options) => options with
    {
        WeightDecay = WeightDecay ?? options.WeightDecay,
        LearningRate = LearningRate ?? options.LearningRate,
        Dropout = Dropout ?? options.Dropout,
    };

    private static IEnumerable<float?> OrUnchanged(IReadOnlyList<float> values) => values.Count == 0 ? [null] : values.Select(value => (float?)value);
}
