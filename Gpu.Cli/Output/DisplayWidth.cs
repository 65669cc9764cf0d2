using System.Globalization;
using System.Text;

namespace Gpu.Cli.Output;

/// <summary>The columns that a text takes at a terminal: two for the letters of East Asia and most pictures, none for combining marks.</summary>
internal static class DisplayWidth
{
    private const string Cut = "...";

    // Unicode Standard Annex 11, in blocks: the wide and the full-width letters.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60),
        (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <summary>The width of a text in columns.</summary>
    public static int Of(string text) => text.EnumerateRunes().Sum(Of);

    /// <summary>A text of at most so many columns: a longer one loses its beginning, since the end of a path says more.</summary>
    public static string KeepEnd(string text, int width)
    {
        var left = Of(text);
        if (left <= width) return text;
        var start = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (left <= width - Cut.Length) break;
            left -= Of(rune);
            start += rune.Utf16SequenceLength;
        }

        return Cut + text[start..];
    }

    private static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0
        : rune.Value >= Wide[0].First && Wide.Any(range => rune.Value >= range.First && rune.Value <= range.Last) ? 2 : 1;
}
