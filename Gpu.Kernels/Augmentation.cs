using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Random changes of each sample in a batch. They are a function of the seed, <see cref="StepStateLayout.Draw"/> and the index of the sample in the data set:
/// Philox 4x32-10 with the key (low word of the seed, high word) and the counter (sample, draw, block, 0) gives four words for each block. In block 0 the
/// highest bit of the first word flips the sample; the second and third word, as numbers u in [0, 1), give the shifts floor(u (2 shift + 1)) - shift of rows
/// and columns. The order of the changes is: flip, <see cref="RandomOperations"/> and <see cref="Rotation"/>, <see cref="Shear"/>,
/// <see cref="ScaleFrom"/> about the center, shift, colors, erasing, mixing. The geometric ones are one affine transformation with bilinear interpolation.
/// </summary>
/// <param name="Flip">flips half of the samples left to right</param>
/// <param name="Shift">
/// the largest shift up, down, left and right, in pixels; pixels from outside the image are normalized zero bytes, unless <see cref="ReflectsShift"/>
/// </param>
/// <param name="Seed">the seed</param>
public readonly record struct Augmentation(bool Flip, int Shift, ulong Seed)
{
    /// <summary>No changes.</summary>
    public static Augmentation None => default;

    /// <summary>
    /// With <see cref="Flip"/>, the number of draws in an epoch for alternating flips: half of the samples are flipped in even epochs, the others in odd ones
    /// (Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024). 0: flips are random.
    /// </summary>
    public int DrawsPerEpoch { get; init; }

    /// <summary>
    /// Whether pixels from outside a shifted image are those inside of it at the same distance from the pixel at its border, which is not repeated. The shift
    /// must then be smaller than both sides, and there must be no other change than flips and shifts.
    /// </summary>
    public bool ReflectsShift { get; init; }

    /// <summary>The largest rotation in degrees in each direction, 0 to 180.</summary>
    public float Rotation { get; init; }

    /// <summary>The smallest factor of the size, above 0; below 1 shrinks. 0 together with <see cref="ScaleTo"/>: off.</summary>
    public float ScaleFrom { get; init; }

    /// <summary>The largest factor of the size, at least <see cref="ScaleFrom"/>.</summary>
    public float ScaleTo { get; init; }

    /// <summary>The largest horizontal shear in degrees in each direction, 0 to 80. The factor is uniform up to the tangent.</summary>
    public float Shear { get; init; }

    /// <summary>The brightness is multiplied by a factor from 1 - x to 1 + x, 0 to 1.</summary>
    public float Brightness { get; init; }

    /// <summary>The distance from the gray value of the data set's mean color is multiplied by a factor from 1 - x to 1 + x, 0 to 1.</summary>
    public float Contrast { get; init; }

    /// <summary>The distance from the pixel's own gray value is multiplied by a factor from 1 - x to 1 + x, 0 to 1. Three channels only.</summary>
    public float Saturation { get; init; }

    /// <summary>The hue is rotated about the gray axis by up to x turns in each direction, 0 to 0.5. Three channels only.</summary>
    public float Hue { get; init; }

    /// <summary>
    /// The probability that a rectangle of 2 to 33 % of the area, with sides in a ratio from 0.3 to 3.3, is replaced by the mean color of the data set (zero
    /// after normalization), 0 to 1. Source: Zhong et al., "Random erasing data augmentation", 2020.
    /// </summary>
    public float EraseProbability { get; init; }

    /// <summary>
    /// The side in pixels of a square, centered at a random pixel and cut off at the borders, that is replaced by the mean color of the data set; 0: off.
    /// Source: DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017.
    /// </summary>
    public int Cutout { get; init; }

    /// <summary>
    /// The number of operations of RandAugment for each sample, 0 to 8, drawn with replacement from identity, shear (two axes), translation (two axes),
    /// rotation, brightness, saturation (nothing without three channels), contrast, posterize and solarize. Source: Cubuk et al., "RandAugment", 2020, without
    /// the operations that need the histogram or the neighbors of a pixel (equalize, autocontrast, sharpness).
    /// </summary>
    public int RandomOperations { get; init; }

    /// <summary>
    /// The magnitude of the operations of RandAugment, 0 to 30: a part of the largest shear 0.3, translation 0.45 of a side, rotation 30 degrees, color
    /// factor 1 +- 0.9, 4 dropped bits, threshold 0. The sign is random.
    /// </summary>
    public float RandomMagnitude { get; init; }

    /// <summary>
    /// Mixup: each sample is replaced by w times itself and 1 - w times another one of the batch. w is the larger of b and 1 - b, with b from the Beta
    /// distribution with both parameters this, so that a sample keeps its own label as the heavier one. 0: off.
    /// Source: Zhang et al., "mixup: beyond empirical risk minimization", 2018.
    /// </summary>
    public float Mixup { get; init; }

    /// <summary>
    /// CutMix: a rectangle of each sample is replaced by that of another one of the batch. Its share of the area is 1 - w with w as for <see cref="Mixup"/>,
    /// less what is cut off at the borders. With mixup, too, half of the samples get one and half the other. 0: off.
    /// Source: Yun et al., "CutMix", 2019.
    /// </summary>
    public float Cutmix { get; init; }

    /// <summary>True if samples are not changed.</summary>
    public bool IsNone => IsFlipAndShift && !Flip && Shift == 0;

    /// <summary>True if samples are mixed, and a batch has second labels and weights of labels.</summary>
    public bool MixesSamples => Mixup > 0 || Cutmix > 0;

    /// <summary>True if samples are flipped and shifted at most, which needs no <see cref="AugmentationBuffers"/>.</summary>
    public bool IsFlipAndShift => !IsAffine && !ChangesColors && EraseProbability == 0 && Cutout == 0 && !MixesSamples;

    internal bool ScalesSize => ScaleFrom != 0 || ScaleTo != 0;

    internal bool IsAffine => Rotation != 0 || ScalesSize || Shear != 0 || RandomOperations != 0;

    internal bool ChangesColors => Brightness != 0 || Contrast != 0 || Saturation != 0 || Hue != 0 || RandomOperations != 0;

    /// <summary>What is wrong with the values for samples of a size, as a clause for messages; null if nothing is.</summary>
    /// <param name="height">rows of a sample</param>
    /// <param name="width">columns of a sample</param>
    /// <param name="channels">channels of a sample</param>
    public string? Mistake(int height, int width, int channels)
    {
        var side = Math.Max(height, width);
        return Range("the shift", Shift, 0, side, $" pixels, the larger side of {height}x{width}")
            ?? (!ReflectsShift || Shift < Math.Min(height, width) ? null
                : $"the shift is {Shift}, but a reflecting one must be smaller than both sides of {height}x{width}")
            ?? (!ReflectsShift || IsFlipAndShift ? null : "a reflecting shift can be combined with flips only")
            ?? Range("the number of draws per epoch", DrawsPerEpoch, 0, int.MaxValue)
            ?? Range("the rotation", Rotation, 0, 180, " degrees")
            ?? (!ScalesSize || (ScaleFrom > 0 && ScaleTo >= ScaleFrom && ScaleTo <= MaxScale) ? null
                : $"the scale is {ScaleFrom} to {ScaleTo}, but must be above 0, at most {MaxScale}, and not fall")
            ?? Range("the shear", Shear, 0, 80, " degrees")
            ?? Range("the brightness", Brightness, 0, 1)
            ?? Range("the contrast", Contrast, 0, 1)
            ?? Range("the saturation", Saturation, 0, 1)
            ?? Range("the hue", Hue, 0, 0.5)
            ?? (channels == 3 || (Saturation == 0 && Hue == 0) ? null
                : $"saturation and hue need 3 channels, but there {(channels == 1 ? "is 1" : $"are {channels}")}")
            ?? Range("the probability of erasing", EraseProbability, 0, 1)
            ?? Range("the side of cutout", Cutout, 0, 2 * side, $" pixels, twice the larger side of {height}x{width}")
            ?? (Cutout == 0 || EraseProbability == 0 ? null : "cutout and random erasing both erase a rectangle of each sample, which has only one")
            ?? Range("the number of random operations", RandomOperations, 0, 8)
            ?? Range("the magnitude of random operations", RandomMagnitude, 0, 30)
            ?? Range("mixup", Mixup, 0, MaxAlpha)
            ?? Range("cutmix", Cutmix, 0, MaxAlpha);

        static string? Range(string name, double value, double least, double most, string unit = "") =>
            value >= least && value <= most ? null : $"{name} is {value:G7}, but must be {least} to {most}{unit}";
    }

    /// <summary>Checks the ranges.</summary>
    /// <param name="height">rows of a sample</param>
    /// <param name="width">columns of a sample</param>
    /// <param name="channels">channels of a sample</param>
    /// <exception cref="ArgumentOutOfRangeException">a value is out of its range, or does not fit the samples</exception>
    public void Validate(int height, int width, int channels)
    {
        if (Mistake(height, width, channels) is { } mistake) throw new ArgumentOutOfRangeException("augmentation", mistake);
    }

    internal const float MaxScale = 100;
    internal const float MaxAlpha = 100;
}

/// <summary>The memory that a gather with more than flips and shifts needs.</summary>
public readonly record struct AugmentationBuffers
{
    /// <summary>Words of <see cref="Transforms"/> for each sample of the batch.</summary>
    public const int WordsPerSample = 32;

    /// <summary>Words of <see cref="MixQuantiles"/>.</summary>
    public const int QuantileWords = 2 * (BetaDistribution.Intervals + 1);

    /// <summary>Receives the drawn changes, [batch, <see cref="WordsPerSample"/>].</summary>
    public DeviceView Transforms { get; init; }

    /// <summary>Quantiles of the Beta distributions of mixup and CutMix, as made by <see cref="Quantiles"/>; empty if samples are not mixed.</summary>
    public DeviceView MixQuantiles { get; init; }

    /// <summary>Receives the label of the other sample, integers [batch]; empty if samples are not mixed or have no labels.</summary>
    public DeviceView SecondLabels { get; init; }

    /// <summary>
    /// Receives the weight of a sample's own label, floats [batch]; that of the other label is 1 minus it. Empty if samples are not mixed or have no labels.
    /// </summary>
    public DeviceView LabelWeights { get; init; }

    /// <summary>The values of <see cref="MixQuantiles"/>, to be uploaded once.</summary>
    public static float[] Quantiles(Augmentation augmentation) =>
        [.. BetaDistribution.Quantiles(augmentation.Mixup), .. BetaDistribution.Quantiles(augmentation.Cutmix)];
}
