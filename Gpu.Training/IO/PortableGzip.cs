using System.Buffers.Binary;

namespace Gpu.Training.IO;

/// <summary>
/// Compresses to gzip (RFC 1951 and 1952) with the same bytes on every platform and .NET version, which GZipStream does not promise. Meant
/// for files that are compared bit for bit; any gzip reader reads them. Compresses images about as well as zlib's default level.
/// </summary>
public static class PortableGzip
{
    private const int Window = 32768;
    private const int ShortestMatch = 4;
    private const int LongestMatch = 258;
    private const int HashBits = 15;
    private const int EndOfBlock = 256;
    private const int TokensPerBlock = 1 << 15;

    // RFC 1951, section 3.2.5: what the length codes 257..285 and the distance codes 0..29 begin at, and their extra bits.
    private static readonly int[] LengthBase =
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static readonly int[] LengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static readonly int[] DistanceBase =
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    private static readonly int[] CodeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>The gzip file of <paramref name="data"/>: one member, without a name or a time.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> data)
    {
        var bits = new BitWriter(data.Length / 2);
        foreach (var value in (ReadOnlySpan<byte>)[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
            bits.Write(value, 8);

        var tokens = new List<(int Length, int Distance)>(TokensPerBlock);
        var heads = new int[1 << HashBits];
        Array.Fill(heads, -Window - 1);
        var position = 0;
        do
        {
            tokens.Clear();
            while (position < data.Length && tokens.Count < TokensPerBlock)
            {
                var (length, distance) = FindMatch(data, position, heads);
                tokens.Add(length == 0 ? (data[position], 0) : (length, distance));
                for (var end = position + Math.Max(1, length); position < end; position++)
                    Remember(data, position, heads);
            }

            WriteBlock(bits, tokens, isLast: position == data.Length);
        }
        while (position < data.Length);

        bits.AlignToByte();
        Span<byte> trailer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, Crc32.Compute(data));
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], (uint)data.Length);
        foreach (var value in trailer)
            bits.Write(value, 8);
        return bits.ToArray();
    }

    private static int Hash(ReadOnlySpan<byte> data, int position) =>
        (int)((BinaryPrimitives.ReadUInt32LittleEndian(data[position..]) * 2654435761u) >> (32 - HashBits));

    private static void Remember(ReadOnlySpan<byte> data, int position, int[] heads)
    {
        if (position + ShortestMatch <= data.Length)
            heads[Hash(data, position)] = position;
    }

    // Only the latest place with the same four bytes is tried: enough for the runs of background that these images have.
    private static (int Length, int Distance) FindMatch(ReadOnlySpan<byte> data, int position, int[] heads)
    {
        if (position + ShortestMatch > data.Length)
            return default;
        var candidate = heads[Hash(data, position)];
        if (candidate < 0 || position - candidate > Window)
            return default;
        var most = Math.Min(LongestMatch, data.Length - position);
        var length = data.Slice(candidate, most).CommonPrefixLength(data.Slice(position, most));
        return length >= ShortestMatch ? (length, position - candidate) : default;
    }

    private static void WriteBlock(BitWriter bits, List<(int Length, int Distance)> tokens, bool isLast)
    {
        var literalCounts = new int[286];
        var distanceCounts = new int[30];
        literalCounts[EndOfBlock] = 1;
        foreach (var (length, distance) in tokens)
        {
            literalCounts[distance == 0 ? length : 257 + IndexOf(LengthBase, length)]++;
            if (distance != 0)
                distanceCounts[IndexOf(DistanceBase, distance)]++;
        }

        var literals = HuffmanCode.Build(literalCounts, 15);
        var distances = HuffmanCode.Build(distanceCounts, 15);
        bits.Write(isLast ? 1 : 0, 1);
        bits.Write(2, 2); // Dynamic Huffman codes.
        WriteCodes(bits, literals, distances);
        foreach (var (length, distance) in tokens)
        {
            if (distance == 0)
            {
                Send(bits, literals, length);
                continue;
            }

            var index = IndexOf(LengthBase, length);
            Send(bits, literals, 257 + index);
            bits.Write(length - LengthBase[index], LengthExtra[index]);
            index = IndexOf(DistanceBase, distance);
            Send(bits, distances, index);
            bits.Write(distance - DistanceBase[index], Math.Max(0, (index / 2) - 1));
        }

        Send(bits, literals, EndOfBlock);
    }

    // RFC 1951, section 3.2.7, without the run-length codes 16..18: some 100 bytes a block more, and much simpler.
    private static void WriteCodes(BitWriter bits, HuffmanCode literals, HuffmanCode distances)
    {
        byte[] lengths = [.. literals.Lengths, .. distances.Lengths];
        var counts = new int[19];
        foreach (var length in lengths)
            counts[length]++;
        var code = HuffmanCode.Build(counts, 7);
        bits.Write(literals.Lengths.Length - 257, 5);
        bits.Write(distances.Lengths.Length - 1, 5);
        bits.Write(CodeLengthOrder.Length - 4, 4);
        foreach (var symbol in CodeLengthOrder)
            bits.Write(code.Lengths[symbol], 3);
        foreach (var length in lengths)
            Send(bits, code, length);
    }

    private static void Send(BitWriter bits, HuffmanCode code, int symbol) => bits.Write(code.Codes[symbol], code.Lengths[symbol]);

    // The last entry that is not above the value.
    private static int IndexOf(int[] bases, int value)
    {
        var index = Array.BinarySearch(bases, value);
        return index >= 0 ? index : ~index - 1;
    }

    private sealed class BitWriter(int capacity)
    {
        private readonly List<byte> bytes = new(capacity);
        private ulong pending;
        private int count;

        public void Write(int value, int bits)
        {
            pending |= (ulong)(uint)value << count;
            count += bits;
            for (; count >= 8; count -= 8, pending >>= 8)
                bytes.Add((byte)pending);
        }

        public void AlignToByte() => Write(0, (8 - count) & 7);

        public byte[] ToArray() => [.. bytes];
    }
}
