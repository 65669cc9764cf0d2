using System.IO.Hashing;
using System.Text;

namespace Gpu.Training.Data;

/// <summary>
/// Draws parts of a data set by names: of files, or of rows by their content. Whether an entry is drawn depends on its own name and the seed, so one that is
/// added or removed moves no other one, and the draw is the same on every platform.
/// </summary>
internal static class NameHash
{
    /// <summary>A number from 0 to 1 (exclusive), by XXH3 of the purpose and the name.</summary>
    /// <param name="purpose">What is drawn: draws for different purposes are independent.</param>
    /// <param name="name">Name in normalization form C, with '/' between folders.</param>
    /// <param name="seed">Random seed.</param>
    public static double Of(string purpose, string name, ulong seed) =>
        (XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{purpose}\0{name}"), unchecked((long)seed)) >> 11) * (1.0 / (1L << 53));

    /// <summary>
    /// Draws about a share of the names of each class; what has the same name is drawn together. Of a class with two or more names, at least one is drawn and
    /// at least one is not.
    /// </summary>
    /// <returns>Whether each entry is drawn.</returns>
    public static bool[] Draw(string purpose, IReadOnlyList<string> names, Func<int, int> labelOf, double share, ulong seed)
    {
        var values = names.Distinct().ToDictionary(name => name, name => Of(purpose, name, seed));
        var drawn = values.ToDictionary(entry => entry.Key, entry => entry.Value < share);
        foreach (var entries in Enumerable.Range(0, names.Count).GroupBy(labelOf).OrderBy(group => group.Key))
        {
            var order = entries.Select(i => names[i]).Distinct().OrderBy(name => values[name]).ThenBy(name => name, StringComparer.Ordinal).ToArray();
            if (order.Length < 2)
                drawn[order[0]] = false;
            else if (!order.Any(name => drawn[name]))
                drawn[order[0]] = true;
            else if (order.All(name => drawn[name]))
                drawn[order[^1]] = false;
        }

        return [.. names.Select(name => drawn[name])];
    }
}
