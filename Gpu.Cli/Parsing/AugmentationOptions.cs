using System.CommandLine;
using Gpu.Training.Loop;

namespace Gpu.Cli.Parsing;

/// <summary>The options that change training images at random, for <c>train</c> and <c>data show</c>.</summary>
internal sealed class AugmentationOptions
{
    private readonly Option<AugmentationOption?> _augment = Options.Checked(
        "--augment", "LIST", $"Augment training images at random: {AugmentationOption.Description}", "none",
        AugmentationOption? (text) => AugmentationOption.Parse(text));

    private readonly Option<double?> _mixup = Options.Number(
        "--mixup", "Mixup: mix each training image and its label with another one of the batch, with weights from Beta(X, X); 0 for none",
        new Interval(0, 100), "0");

    private readonly Option<double?> _cutmix = Options.Number(
        "--cutmix", "CutMix: replace a rectangle of each training image by that of another one of the batch, with areas from Beta(X, X), and mix the labels; "
        + "0 for none. With --mixup, half of the images get one and half the other", new Interval(0, 100), "0");

    /// <summary>The options.</summary>
    public IEnumerable<Option> All => [_augment, _mixup, _cutmix];

    /// <summary>Returns <paramref name="basis"/> with the options of the command line applied.</summary>
    public TrainingOptions Apply(ParseResult parsed, TrainingOptions basis)
    {
        var augment = parsed.GetValue(_augment);
        return basis with
        {
            AugmentFlip = augment?.Flip ?? basis.AugmentFlip,
            AugmentShift = augment?.Shift ?? basis.AugmentShift,
            Augment = augment?.Others ?? basis.Augment,
            Mixup = parsed.GetSingle(_mixup) ?? basis.Mixup,
            Cutmix = parsed.GetSingle(_cutmix) ?? basis.Cutmix,
        };
    }
}
