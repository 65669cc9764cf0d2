namespace Gpu.Training.Data;

/// <summary>Lists of names in messages.</summary>
internal static class NameList
{
    /// <summary>The names, separated by commas, cut after a number of them: <c>a, b and 3 more</c>.</summary>
    public static string Join(IEnumerable<string> names, int most = 20)
    {
        var all = names as IReadOnlyCollection<string> ?? [.. names];
        return string.Join(", ", all.Take(most)) + (all.Count > most ? $" and {all.Count - most} more" : "");
    }

    /// <summary>The texts, each indented on a line of its own, cut after a number of them; begins with the end of the line before.</summary>
    public static string Lines(IReadOnlyCollection<string> texts, int most = 20) =>
        string.Concat(texts.Take(most).Select(text => $"{Environment.NewLine}  {text}"))
        + (texts.Count > most ? $"{Environment.NewLine}  and {texts.Count - most} more" : "");
}
