using ScottPlot;
using SkiaSharp;

namespace Gpu.Cli.Charts;

/// <summary>
/// The font of all pictures, DejaVu Sans, which is part of the program (Latin, Greek and Cyrillic letters): so that pictures are the same everywhere, and have
/// letters on a machine without fonts.
/// </summary>
/// <remarks>
/// The file was made from DejaVu Sans 2.37 by fontTools: <c>pyftsubset DejaVuSans.ttf --no-hinting --layout-features=kern --unicodes=U+20-7E,U+A0-17F,</c>
/// <c>U+370-3FF,U+400-45F,U+2010-2027,U+2030-2033,U+2070-209F,U+2190-2193,U+2200-2265</c>.
/// </remarks>
internal sealed class ChartFont : IFontResolver
{
    /// <summary>The name of the font.</summary>
    public const string Name = "DejaVu Sans";

    private static readonly Lazy<SKTypeface> Typeface = new(() =>
    {
        using var stream = typeof(ChartFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        return SKTypeface.FromStream(stream);
    });

    private static readonly Lazy<bool> Registration = new(() =>
    {
        Fonts.FontResolvers.Insert(0, new ChartFont());
        Fonts.Default = Name;
        return true;
    });

    /// <summary>Makes the font the default of the library; call it before a picture is made.</summary>
    public static void Use() => _ = Registration.Value;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => fontName == Name ? Typeface.Value : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? Typeface.Value : null;
}
