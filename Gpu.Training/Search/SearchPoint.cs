using Gpu.Training.Loop;

namespace Gpu.Training.Search;

/// <summary>Hyperparameters to try in a search. Null leaves a hyperparameter unchanged.</summary>
/// <param name="WeightDecay">Weight decay coefficient, 0 or more.</param>
/// <param name="LearningRate">Base learning rate, above 0.</param>
/// <param name="Dropout">Drop probability of all dropout layers, 0 &lt;= x &lt; 1.</param>
public sealed record SearchPoint(float? WeightDecay = null, float? LearningRate = null, float? Dropout = null)
{
    /// <summary>The Cartesian product of the values; dropout varies fastest. An empty list leaves that hyperparameter unchanged.</summary>
    public static IReadOnlyList<SearchPoint> Grid(IReadOnlyList<float> weightDecays, IReadOnlyList<float> learningRates, IReadOnlyList<float> dropouts) =>
    [
        .. from decay in OrUnchanged(weightDecays)
           from rate in OrUnchanged(learningRates)
           from dropout in OrUnchanged(dropouts)
           select new SearchPoint(decay, rate, dropout),
    ];

    /// <summary>Returns the options with the hyperparameters of this point.</summary>
    public TrainingOptions ApplyTo(TrainingOptions options) => options with
    {
        WeightDecay = WeightDecay ?? options.WeightDecay,
        LearningRate = LearningRate ?? options.LearningRate,
        Dropout = Dropout ?? options.Dropout,
    };

    private static IEnumerable<float?> OrUnchanged(IReadOnlyList<float> values) => values.Count == 0 ? [null] : values.Select(value => (float?)value);
}
