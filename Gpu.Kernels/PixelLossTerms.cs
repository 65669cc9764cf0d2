namespace Gpu.Kernels;

/// <summary>
/// The weights of the terms of <see cref="PixelLoss"/>. The loss of an image is their weighted sum. At least one weight must be above 0.
/// </summary>
public readonly record struct PixelLossTerms
{
    /// <summary>Creates terms with the weight 0.</summary>
    public PixelLossTerms()
    {
    }

    /// <summary>Weight of the mean softmax cross-entropy of the pixels.</summary>
    public float CrossEntropy { get; init; }

    /// <summary>
    /// Weight of the Dice loss: 1 - the mean over the classes of (2 I + 1) / (P + T + 1), where P sums the probability of the class over the pixels, T counts
    /// the pixels of the class, and I sums the probability over these. Source: Milletari, Navab, Ahmadi, "V-Net", 2016, with sums instead of squares.
    /// </summary>
    public float Dice { get; init; }

    /// <summary>
    /// Weight of the mean focal loss of the pixels, (1 - p)^gamma times the cross-entropy, where p is the probability of the right class. Source: Lin et al.,
    /// "Focal loss for dense object detection", 2017.
    /// </summary>
    public float Focal { get; init; }

    /// <summary>gamma of the focal loss, at least 1.</summary>
    public float FocalGamma { get; init; } = 2;

    internal void Validate()
    {
        foreach (var weight in new[] { CrossEntropy, Dice, Focal })
        {
            if (!(weight >= 0 && float.IsFinite(weight)))
                throw new ArgumentOutOfRangeException(nameof(PixelLossTerms), weight, "the weight of a term must be 0 or more, and finite");
        }

        if (CrossEntropy + Dice + Focal <= 0) throw new ArgumentException("the weights of all terms are 0; at least one must be above 0");
        if (!(FocalGamma >= 1 && float.IsFinite(FocalGamma)))
            throw new ArgumentOutOfRangeException(nameof(FocalGamma), FocalGamma, "gamma must be 1 or more, and finite");
    }
}
