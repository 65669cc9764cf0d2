namespace Gpu.Training.Loop;

/// <summary>What the number of a penalty means.</summary>
public enum PenaltyKind
{
    /// <summary>There is no penalty.</summary>
    None,

    /// <summary>The penalty is part of the loss that training minimizes.</summary>
    Loss,

    /// <summary>
    /// Some of it is not in the gradient (decoupled decay, or the soft threshold after an adaptive optimizer): the penalty whose gradient would give the same
    /// step with plain SGD.
    /// </summary>
    SgdEquivalent,
}

/// <summary>The penalty on the weights, and how many of them are zero, at the end of an epoch.</summary>
/// <param name="Value">The L2 and L1 penalties of all parameters.</param>
/// <param name="Kind">What the value means.</param>
/// <param name="ZeroShare">Share of exact zeros among the weights of convolution and dense layers, 0 to 1.</param>
public readonly record struct WeightPenalty(double Value, PenaltyKind Kind, double ZeroShare);

/// <summary>The names of <see cref="PenaltyKind"/> in metrics.csv and JSON.</summary>
public static class PenaltyNames
{
    /// <summary><c>none</c>, <c>loss</c> or <c>sgd-equivalent</c>.</summary>
    /// <param name="kind">the kind</param>
    public static string Of(PenaltyKind kind) => kind switch
    {
        PenaltyKind.None => "none",
        PenaltyKind.Loss => "loss",
        _ => "sgd-equivalent",
    };

    /// <summary>The kind of a name; <see cref="PenaltyKind.None"/> for other texts.</summary>
    internal static PenaltyKind Parse(string? name) => Enum.GetValues<PenaltyKind>().FirstOrDefault(kind => Of(kind) == name);
}
