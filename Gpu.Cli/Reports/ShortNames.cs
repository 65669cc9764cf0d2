namespace Gpu.Cli.Reports;

/// <summary>Shortens names for charts, so that they can still be told apart.</summary>
internal static class ShortNames
{
    private const string Separators = "-_/\\ ,=:";

    /// <summary>
    /// Names of at most a length: if any is longer, their common beginning is cut off after its last separator, then the middle of those that are still too
    /// long. Different names stay different, if need be by their numbers in the list.
    /// </summary>
    /// <param name="names">the names</param>
    /// <param name="longest">the most characters, 8 or more</param>
    public static string[] Of(IReadOnlyList<string> names, int longest)
    {
        if (names.All(name => name.Length <= longest)) return [.. names];
        var common = CommonBeginning([.. names.Distinct()]);
        string[] texts = [.. names.Select(name => Middle(common > 0 ? $"\u2026{name[common..]}" : name, longest))];
        for (var i = 0; i < texts.Length; i++)
        {
            // Names that differ in their middles only.
            if (!texts.Where((text, k) => text == texts[i] && names[k] != names[i]).Any()) continue;
            texts = [.. texts.Select((text, k) => text == texts[i] ? $"{Middle(text, longest - 4)} ({k + 1})" : text)];
        }

        return texts;
    }

    private static int CommonBeginning(string[] names)
    {
        if (names.Length < 2) return 0;
        var length = 0;
        while (names.All(name => name.Length > length && name[length] == names[0][length])) length++;
        // A name that others continue keeps a part.
        length = Math.Min(length, names.Min(name => name.Length) - 1);
        return length < 1 ? 0 : names[0].AsSpan(0, length).LastIndexOfAny(Separators) + 1;
    }

    private static string Middle(string text, int longest)
    {
        if (text.Length <= longest) return text;
        var head = (longest - 1) / 2;
        return $"{text[..head]}\u2026{text[^(longest - 1 - head)..]}";
    }
}
