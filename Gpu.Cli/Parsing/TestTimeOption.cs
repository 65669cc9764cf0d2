using System.CommandLine;
using Gpu.Training.Loop;

namespace Gpu.Cli.Parsing;

/// <summary>The option for test-time augmentation.</summary>
internal static class TestTimeOption
{
    private static readonly (string Name, TestTimeAugmentation Value)[] Known =
        [("none", TestTimeAugmentation.None), ("flip", TestTimeAugmentation.Flip), ("flip-shift", TestTimeAugmentation.FlipShift)];

    /// <summary>Creates the option.</summary>
    public static Option<TestTimeAugmentation?> Create() => Options.Checked(
        "--tta", "NAME",
        "Test-time augmentation: average the logits of several views of each image: flip (the image and its mirror image), or flip-shift (both also shifted by "
        + "one pixel up-left and down-right, with half the weight)", "none", TestTimeAugmentation? (text) => Parse(text));

    /// <summary>Refuses the option for a run on a table.</summary>
    /// <exception cref="UsageException">the option is given</exception>
    public static void RefuseForTable(ParseResult parsed, Option<TestTimeAugmentation?> option, string run)
    {
        if (TrainOptions.IsGiven(parsed, option.Name))
            throw new UsageException($"{option.Name} changes images, but the run in '{run}' was trained on a table. Omit it.");
    }

    private static TestTimeAugmentation Parse(string text)
    {
        var names = Known.Select(known => known.Name).ToArray();
        var index = Array.IndexOf(names, text.ToLowerInvariant());
        return index >= 0 ? Known[index].Value
            : throw new FormatException($"expected {string.Join(", ", names)}, but got '{text}'.{ParseErrors.DidYouMean(text, names)}");
    }
}
