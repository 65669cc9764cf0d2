using Gpu.Kernels;
using Gpu.Kernels.Batches;
using Gpu.Tests.Oracles;
using Gpu.Cli.Checks;
using static Gpu.Cli.Checks.AugmentationChecks;

namespace Gpu.Tests.Batches;

/// <summary>The gather with more than flips and shifts, against an implementation in double precision that applies change after change.</summary>
[OracleFor(typeof(DrawTransforms<,>), typeof(TransformedGather<,>))]
public class AugmentationTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(AugmentationChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(AugmentationChecks), check, device);

    [Fact]
    public void IdentityTransformationsGiveTheSameBitsAsTheFastGather()
    {
        using var oracle = new Oracle("cpu128", seed: 74);
        var set = new Set(oracle, new(6, 6, 7, 5, 3));
        var flips = new Augmentation(true, 2, Seed);
        // Only a square of one pixel is erased.
        var erased = set.Gather(0, 4, flips with { Cutout = 1 }).Output;
        var plain = set.Gather(0, 4, flips).Output;
        Assert.Equal(6 * 3, Enumerable.Range(0, plain.Length).Count(i => Math.Abs(plain[i] - erased[i]) > 1e-5));
    }

    [Fact]
    public void ResultsDependOnSeedDrawAndSampleAlone()
    {
        using var oracle = new Oracle("cpu128", seed: 75);
        var set = new Set(oracle, new(40, 40, 6, 6, 3));
        var augmentation = Augmentations[7] with { EraseProbability = 0.5f, Hue = 0.2f };
        var one = set.Gather(0, 1, augmentation).Output;
        Assert.Equal(one, set.Gather(0, 1, augmentation).Output);
        Assert.NotEqual(one, set.Gather(0, 2, augmentation).Output);
        Assert.NotEqual(one, set.Gather(0, 1, augmentation with { Seed = 8 }).Output);
        // A sample does not depend on its position in the batch.
        Assert.Equal(one[(3 * 108)..], set.Gather(3, 1, augmentation).Output[..(37 * 108)]);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.4)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void QuantilesHaveTheMomentsOfTheBetaDistribution(double alpha)
    {
        var table = BetaDistribution.Quantiles(alpha);
        Assert.Equal(0, table[0]);
        Assert.Equal(1, table[^1]);
        Assert.Equal(0.5f, table[BetaDistribution.Intervals / 2]);
        for (var i = 1; i < table.Length; i++) Assert.True(table[i] >= table[i - 1]);
        // Integrals of the linear interpolation: the mean is 1/2 by symmetry, the variance 1 / (4 (2 alpha + 1)).
        var square = 0.0;
        for (var i = 0; i < table.Length - 1; i++)
            square += (table[i] * table[i] + (double)table[i] * table[i + 1] + table[i + 1] * table[i + 1]) / 3 / BetaDistribution.Intervals;
        Assert.Equal(1 / (4 * (2 * alpha + 1)), square - 0.25, 3e-4);
        if (alpha == 1)
            for (var i = 0; i < table.Length; i++) Assert.Equal((double)i / BetaDistribution.Intervals, table[i], 1e-6);
    }

    [Fact]
    public void ValuesOutOfRangeAreExplained()
    {
        var none = default(Augmentation);
        Assert.Null(none.Mistake(8, 8, 1));
        Assert.Contains("the rotation is 181, but must be 0 to 180 degrees", (none with { Rotation = 181 }).Mistake(8, 8, 3));
        Assert.Contains("need 3 channels, but there is 1", (none with { Hue = 0.1f }).Mistake(8, 8, 1));
        Assert.Contains("scale is 2 to 1", (none with { ScaleFrom = 2, ScaleTo = 1 }).Mistake(8, 8, 1));
        Assert.Contains("only one", (none with { Cutout = 2, EraseProbability = 0.5f }).Mistake(8, 8, 1));
        Assert.Contains("mixup is NaN", (none with { Mixup = float.NaN }).Mistake(8, 8, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => (none with { Cutout = 17 }).Validate(8, 8, 1));
    }
}
