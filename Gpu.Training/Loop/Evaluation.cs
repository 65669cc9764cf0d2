namespace Gpu.Training.Loop;

/// <summary>What a network does on a part of a data set.</summary>
public sealed record Evaluation
{
    /// <summary>Samples that were looked at.</summary>
    public required int Samples { get; init; }

    /// <summary>Mean loss a sample.</summary>
    public required double Loss { get; init; }

    /// <summary>Share of samples whose most probable class is right.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Share of samples whose class is among the k most probable.</summary>
    public required double TopKAccuracy { get; init; }

    /// <summary>The k.</summary>
    public required int TopK { get; init; }

    /// <summary>Samples of class i that were taken for class j, at [i, j]; null when only the sums were asked for.</summary>
    public required int[,]? ConfusionMatrix { get; init; }

    /// <summary>Seconds it took.</summary>
    public required double Seconds { get; init; }
}
