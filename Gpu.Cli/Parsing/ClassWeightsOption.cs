using System.CommandLine;
using Gpu.Training.Loop;

namespace Gpu.Cli.Parsing;

/// <summary>Option <c>--class-weights</c>.</summary>
internal static class ClassWeightsOption
{
    /// <summary>Creates the option.</summary>
    public static Option<ClassWeighting?> Create() => Options.Checked(
        "--class-weights", "balanced|FILE", "Weight the training loss by class: balanced by class frequency, or a JSON file {\"class\": weight}", "off",
        ClassWeighting? (text) => Parse(text));

    private static ClassWeighting Parse(string text)
    {
        if (text.Equals("balanced", StringComparison.OrdinalIgnoreCase)) return ClassWeighting.Balanced;
        if (!File.Exists(text)) throw new FormatException($"expected 'balanced' or a JSON file {{\"class\": weight}}, but there is no file '{text}'.");
        try
        {
            return ClassWeighting.Load(text);
        }
        catch (TrainingException e)
        {
            throw new FormatException(e.Message, e);
        }
    }
}
