using System.IO.Hashing;
using System.Text;

namespace Gpu.Training.Data;

/// <summary>
/// Draws parts of a data set by the names of the files. Whether a file is drawn depends on its own name and the seed, so a file that is added or removed moves
/// no other one, and the draw is the same on every platform.
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
    /// Draws about a share of the files of each class. Of a class with two or more files, at least one is drawn and at least one is not.
    /// </summary>
    /// <returns>Whether each file is drawn.</returns>
    public static bool[] Draw(string purpose, IReadOnlyList<string> names, IReadOnlyList<int> labels, double share, ulong seed)
    {
        var values = names.Select(name => Of(purpose, name, seed)).ToArray();
        var drawn = values.Select(value => value < share).ToArray();
        foreach (var files in Enumerable.Range(0, names.Count).GroupBy(i => labels[i]))
        {
            var order = files.OrderBy(i => values[i]).ThenBy(i => names[i], StringComparer.Ordinal).ToArray();
            if (order.Length < 2)
                drawn[order[0]] = false;
            else
                (drawn[order[0]], drawn[order[^1]]) = (true, false);
        }

        return drawn;
    }
}
