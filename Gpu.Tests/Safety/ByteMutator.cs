using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Gpu.Tests.Safety;

/// <summary>Damages files, as a function of the seed: bits, bytes, lengths, truncation, splices, and the numbers and words of text.</summary>
internal static class ByteMutator
{
    /// <summary>The values that numbers of a text are replaced by.</summary>
    public static readonly string[] ExtremeNumbers =
    [
        "0", "1", "-1", "2147483647", "2147483648", "-2147483648", "4611686018427387904", "9223372036854775807", "18446744073709551616", "1e300", "-1e300",
        "1e-300", "1e999", "0.5", "NaN", "null", "\"\"", "\"x\"", "true", "[]", "{}", "[1]",
    ];

    private const int MostTextBytes = 8192;

    private static readonly uint[] ExtremeWords = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, 0x10000, 0x40000000, 0x7FFFFFFC];
    private static readonly Regex Number = new("-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?", RegexOptions.CultureInvariant | RegexOptions.Compiled);

    /// <summary>A damaged copy of one of the files.</summary>
    /// <param name="files">valid files of the reader</param>
    /// <param name="isText">whether numbers of the text are replaced, too</param>
    /// <param name="random">the source of the damage</param>
    public static byte[] Mutate(IReadOnlyList<byte[]> files, bool isText, Random random)
    {
        var data = files[random.Next(files.Count)].ToList();
        for (var i = 1 << random.Next(3); i > 0 && data.Count > 0; i--)
        {
            if (isText && random.Next(2) == 0) data = ReplaceNumber(data, random);
            else Damage(data, files, random);
        }

        return [.. data];
    }

    private static void Damage(List<byte> data, IReadOnlyList<byte[]> files, Random random)
    {
        // Headers get half of the hits.
        var at = random.Next(random.Next(2) == 0 ? Math.Min(data.Count, 64) : data.Count);
        switch (random.Next(8))
        {
            case 0: data[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: data[at] = (byte)random.Next(256); break;
            case 2: SetWord(data, at, ExtremeWords[random.Next(ExtremeWords.Length)], random); break;
            case 3: SetWord(data, at, (uint)random.Next(-3, 70_000), random); break;
            case 4: data.RemoveRange(at, Math.Min(random.Next(1, 16), data.Count - at)); break;
            case 5: data.InsertRange(at, [.. data.Skip(random.Next(data.Count)).Take(random.Next(1, 64))]); break;
            case 6: data.RemoveRange(at, data.Count - at); break;
            default:
                var other = files[random.Next(files.Count)];
                data.InsertRange(at, other.Skip(random.Next(other.Length)).Take(random.Next(1, 200)));
                break;
        }
    }

    // A length field: 1, 2, 4 or 8 bytes of either order.
    private static void SetWord(List<byte> data, int at, uint value, Random random)
    {
        var (size, bigEndian) = (1 << random.Next(4), random.Next(2) == 0);
        for (var i = 0; i < size && at + i < data.Count; i++)
        {
            var shift = 8 * (bigEndian ? size - 1 - i : i);
            data[at + i] = shift >= 32 ? (byte)0 : (byte)(value >> shift);
        }
    }

    private static List<byte> ReplaceNumber(List<byte> data, Random random)
    {
        // The header of a binary file, or the text.
        var text = Encoding.Latin1.GetString([.. data.Take(MostTextBytes)]);
        var numbers = Number.Matches(text);
        if (numbers.Count == 0) return data;
        var number = numbers[random.Next(numbers.Count)];
        var value = random.Next(3) == 0 ? random.Next(-2, 2000).ToString(CultureInfo.InvariantCulture) : ExtremeNumbers[random.Next(ExtremeNumbers.Length)];
        data.RemoveRange(number.Index, number.Length);
        data.InsertRange(number.Index, Encoding.Latin1.GetBytes(value));
        return data;
    }
}
