using System.CommandLine;
using Gpu.Training.Images;

namespace Gpu.Cli.Parsing;

/// <summary><c>--background</c>, of every command that reads image files.</summary>
internal static class BackgroundOption
{
    /// <summary>The option.</summary>
    /// <param name="standard">What applies without it.</param>
    public static Option<RgbColor?> Create(string standard = "white") => Options.Checked(
        "--background", "COLOR", "What transparent image files are composited on: white, black or '#rrggbb' (in quotes)", standard,
        RgbColor? (text) => RgbColor.Parse(text));
}
