using System.Text;

namespace Gpu.Training.Data;

/// <summary>
/// Brings names to Unicode normalization form C (UAX #15), so that a name is the same whether a file system stores é as one character or as e and an accent.
/// .NET normalizes nothing when globalization is invariant, which it is in the program. Only characters of the Basic Multilingual Plane are composed.
/// </summary>
internal static class UnicodeNames
{
    private const int HangulFirst = 0xAC00;
    private const int HangulCount = 11_172;
    private const int LeadFirst = 0x1100;
    private const int VowelFirst = 0x1161;
    private const int TailFirst = 0x11A7;
    private const int Leads = 19;
    private const int Vowels = 21;
    private const int Tails = 28;

    private static readonly Lazy<(Dictionary<(char, char), char> Compose, Dictionary<char, (char, char)> Decompose)> Tables = new(ReadTables);

    /// <summary>The name in normalization form C.</summary>
    public static string Normalize(string name)
    {
        // Latin-1 has no combining marks, and its characters are composed.
        if (name.All(letter => letter <= '\u00FF'))
            return name;
        List<char> letters = [];
        foreach (var letter in name)
            Decompose(letter, letters);
        Order(letters);
        return Compose(letters);
    }

    /// <summary>A letter without its accents: the first character of its canonical decomposition.</summary>
    public static char BaseLetter(char letter)
    {
        while (Tables.Value.Decompose.TryGetValue(letter, out var parts)) letter = parts.Item1;
        return letter;
    }

    private static (Dictionary<(char, char), char>, Dictionary<char, (char, char)>) ReadTables()
    {
        var (compose, decompose) = (new Dictionary<(char, char), char>(), new Dictionary<char, (char, char)>());
        foreach (var triple in CompositionTable.Compositions.Chunk(3))
        {
            compose[(triple[0], triple[1])] = triple[2];
            decompose[triple[2]] = (triple[0], triple[1]);
        }

        return (compose, decompose);
    }

    private static void Decompose(char letter, List<char> letters)
    {
        if (letter - HangulFirst is >= 0 and < HangulCount and var syllable)
        {
            letters.Add((char)(LeadFirst + (syllable / (Vowels * Tails))));
            letters.Add((char)(VowelFirst + (syllable / Tails % Vowels)));
            if (syllable % Tails != 0)
                letters.Add((char)(TailFirst + (syllable % Tails)));
        }
        else if (Tables.Value.Decompose.TryGetValue(letter, out var parts))
        {
            Decompose(parts.Item1, letters);
            letters.Add(parts.Item2);
        }
        else
        {
            letters.Add(letter);
        }
    }

    // Sorts every run of marks by combining class. The sort is stable.
    private static void Order(List<char> letters)
    {
        for (var i = 1; i < letters.Count; i++)
        {
            for (var j = i; j > 0 && Class(letters[j]) is var own and > 0 && Class(letters[j - 1]) > own; j--)
                (letters[j - 1], letters[j]) = (letters[j], letters[j - 1]);
        }
    }

    private static string Compose(List<char> letters)
    {
        var result = new StringBuilder();
        var (starter, last) = (-1, 0);
        foreach (var letter in letters)
        {
            var own = Class(letter);

            // A mark is blocked where one of its class, or of a higher one, stands between it and the starter.
            var isAdjacent = starter >= 0 && starter == result.Length - 1;
            if (starter >= 0 && (isAdjacent || (last != 0 && last < own)) && TryCompose(result[starter], letter, out var composed))
            {
                result[starter] = composed;
                continue;
            }

            if (own == 0)
                starter = result.Length;
            last = own;
            result.Append(letter);
        }

        return result.ToString();
    }

    private static bool TryCompose(char first, char second, out char composed)
    {
        var (lead, vowel, tail) = (first - LeadFirst, second - VowelFirst, second - TailFirst);
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
        {
            composed = (char)(HangulFirst + (((lead * Vowels) + vowel) * Tails));
            return true;
        }

        if (first - HangulFirst is >= 0 and < HangulCount and var syllable && syllable % Tails == 0 && tail is > 0 and < Tails)
        {
            composed = (char)(first + tail);
            return true;
        }

        return Tables.Value.Compose.TryGetValue((first, second), out composed);
    }

    private static int Class(char letter)
    {
        if (letter < 0x300)
            return 0;
        var ranges = CompositionTable.CombiningClasses;
        for (var i = 0; i < ranges.Length && ranges[i] <= letter; i += 3)
        {
            if (letter <= ranges[i + 1])
                return ranges[i + 2];
        }

        return 0;
    }
}
