using System.IO.Compression;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Counts the bytes that compressed data expand to, without keeping them. ImageSharp 2.1.13 fills in what is missing where the data of a TIFF or a GIF end
/// early inside a file that is complete otherwise.
/// </summary>
internal static class CompressedLength
{
    private const int MostCodes = 4096;
    private const int LongestCode = 12;

    /// <summary>Counts the bytes of PackBits (TIFF 6.0, section 9), up to the number wanted.</summary>
    public static long PackBits(ReadOnlySpan<byte> data, long wanted)
    {
        var count = 0L;
        for (var i = 0; i < data.Length && count < wanted;)
        {
            var code = (sbyte)data[i++];
            if (code >= 0)
            {
                var literal = Math.Min(code + 1, data.Length - i);
                (count, i) = (count + literal, i + literal);
            }
            else if (code != sbyte.MinValue && i < data.Length)
            {
                (count, i) = (count + 1 - code, i + 1);
            }
        }

        return Math.Min(count, wanted);
    }

    /// <summary>Counts the bytes of a zlib stream, up to the number wanted.</summary>
    public static long Deflate(byte[] data, int start, int length, long wanted)
    {
        using var stream = new ZLibStream(new MemoryStream(data, start, length), CompressionMode.Decompress);
        var buffer = new byte[1 << 16];
        var count = 0L;
        try
        {
            while (count < wanted && stream.Read(buffer) is var read and > 0)
                count += read;
        }
        catch (InvalidDataException)
        {
            // Damaged from here on.
        }

        return Math.Min(count, wanted);
    }

    /// <summary>
    /// Counts the bytes of LZW data of a TIFF (TIFF 6.0, section 13), up to the number wanted: codes from the high bit, and wider one code early.
    /// </summary>
    public static long TiffLzw(ReadOnlySpan<byte> data, long wanted) => Lzw(data, 8, isTiff: true, wanted);

    /// <summary>Counts the pixels of LZW data of a GIF, up to the number wanted: codes from the low bit.</summary>
    /// <param name="data">The data of all blocks.</param>
    /// <param name="codeSize">The smallest code size, 2 to 11.</param>
    /// <param name="wanted">The number wanted.</param>
    public static long GifLzw(ReadOnlySpan<byte> data, int codeSize, long wanted) => Lzw(data, codeSize, isTiff: false, wanted);

    private static long Lzw(ReadOnlySpan<byte> data, int codeSize, bool isTiff, long wanted)
    {
        var clear = 1 << codeSize;
        Span<int> lengths = stackalloc int[MostCodes];
        lengths[..clear].Fill(1);
        var (count, bit, width, next, previous) = (0L, 0L, codeSize + 1, clear + 2, -1);
        while (count < wanted && bit + width <= data.Length * 8L)
        {
            var code = 0;
            for (var i = 0; i < width; i++, bit++)
            {
                var at = (int)(bit & 7);
                var value = data[(int)(bit >> 3)] >> (isTiff ? 7 - at : at) & 1;
                code |= isTiff ? value << (width - 1 - i) : value << i;
            }

            if (code == clear)
            {
                (width, next, previous) = (codeSize + 1, clear + 2, -1);
                continue;
            }

            if (code == clear + 1 || code > next || (code == next && previous < 0))
                break;
            if (previous >= 0 && next < MostCodes)
                lengths[next++] = lengths[previous] + 1;
            if (code >= next)
                break;
            count += lengths[code];
            previous = code;
            if (next + (isTiff ? 1 : 0) >= 1 << width && width < LongestCode)
                width++;
        }

        return Math.Min(count, wanted);
    }

    /// <summary>
    /// Counts the rows of fax codes of group 3 by their end-of-line codes (ITU-T T.4, 4.1.2): eleven zeros and a one. Those that follow each other directly end
    /// the page and count once.
    /// </summary>
    /// <returns>The number of end-of-line codes; 0 for data without.</returns>
    public static int FaxLines(ReadOnlySpan<byte> data, bool hasReversedBits)
    {
        const int Zeros = 11;
        const int WithTag = Zeros + 2;
        var (lines, zeros, last) = (0, 0, long.MinValue);
        for (var bit = 0L; bit < data.Length * 8L; bit++)
        {
            var at = (int)(bit & 7);
            if ((data[(int)(bit >> 3)] >> (hasReversedBits ? at : 7 - at) & 1) == 0)
            {
                zeros++;
                continue;
            }

            if (zeros >= Zeros)
            {
                if (last == long.MinValue || bit - last > WithTag)
                    lines++;
                last = bit;
            }

            zeros = 0;
        }

        return lines;
    }
}
