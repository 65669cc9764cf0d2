namespace Gpu.Training.Data;

/// <summary>Lists of names in messages.</summary>
public static class NameList
{
    /// <summary>The names, separated by commas, cut after a number of them: <c>a, b and 3 more</c>.</summary>
    /// <param name="names">The names.</param>
    /// <param name="most">The most names that are written.</param>
    /// <param name="total">How many names there are, if <paramref name="names"/> are the first of them only.</param>
    public static string Join(IEnumerable<string> names, int most = 20, int? total = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        var all = names as IReadOnlyCollection<string> ?? [.. names];
        return string.Join(", ", all.Take(most)) + More(" ", total ?? all.Count, Math.Min(most, all.Count));
    }

    /// <summary>The texts, each indented on a line of its own, cut after a number of them; begins with the end of the line before.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="most">The most texts that are written.</param>
    public static string Lines(IReadOnlyCollection<string> texts, int most = 20)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var start = $"{Environment.NewLine}  ";
        return string.Concat(texts.Take(most).Select(text => start + text)) + More(start, texts.Count, most);
    }

    private static string More(string start, int count, int most) => count > most ? $"{start}and {count - most} more" : "";
}
