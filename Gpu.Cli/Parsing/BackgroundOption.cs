using System.CommandLine;
using Gpu.Training.Images;

namespace Gpu.Cli.Parsing;

/// <summary>Option <c>--background</c> of the commands that read image files.</summary>
internal static class BackgroundOption
{
    /// <summary>Creates the option.</summary>
    /// <param name="standard">the default, for the help text</param>
    public static Option<RgbColor?> Create(string standard = "white") => Options.Checked(
        "--background", "COLOR", "Background color for transparent images: white, black or a quoted '#rrggbb'", standard,
        RgbColor? (text) => RgbColor.Parse(text));
}
