using System.Globalization;
using System.Text;

namespace Gpu.Cli.Output;

/// <summary>Makes texts safe to print: names of files and data may hold escape codes, which would change the terminal, and line breaks.</summary>
internal static class Printable
{
    /// <summary>Replaces control characters and those that turn the direction of text by escapes such as <c>\x1B</c>, <c>\n</c> and <c>\u202E</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="keepsLists">Whether line breaks stay that have two spaces behind them: messages list files that way.</param>
    public static string Escape(string text, bool keepsLists = false)
    {
        if (!text.Any(IsControl))
            return text;
        var escaped = new StringBuilder(text.Length + 8);
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            var next = letter == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? i + 1 : i;
            if (keepsLists && text[next] == '\n' && text.AsSpan(next + 1).StartsWith("  "))
            {
                escaped.Append(Environment.NewLine);
                i = next;
            }
            else
            {
                escaped.Append(!IsControl(letter) ? letter.ToString() : letter switch
                {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    < '\u0100' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)letter:X2}"),
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}"),
                });
            }
        }

        return escaped.ToString();
    }

    // Also LINE SEPARATOR and PARAGRAPH SEPARATOR, and what embeds, overrides or isolates a direction of text.
    private static bool IsControl(char letter) =>
        char.IsControl(letter) || letter is (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F';
}
