namespace Gpu.Training.Data;

/// <summary>Finds what somebody may have meant.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest edits (insert, delete, replace a letter) from <paramref name="typed"/>, or null when none is near.</summary>
    public static string? Find(string typed, IEnumerable<string> names)
    {
        var (distance, name) = names.Select(candidate => (Distance(typed.ToLowerInvariant(), candidate.ToLowerInvariant()), candidate)).MinBy(pair => pair.Item1);
        return name is not null && distance <= Math.Max(1, name.Length / 3) ? name : null;
    }

    // Levenshtein's distance, one row of the table at a time.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
