namespace Gpu.Training.IO;

/// <summary>A canonical Huffman code of limited length, as Deflate defines it (RFC 1951, section 3.2.2).</summary>
internal sealed class HuffmanCode
{
    private HuffmanCode(byte[] lengths, ushort[] codes)
    {
        Lengths = lengths;
        Codes = codes;
    }

    /// <summary>Bits of each symbol's code; 0 for a symbol that does not occur.</summary>
    public byte[] Lengths { get; }

    /// <summary>Each symbol's code with its bits reversed: Deflate sends a code from its highest bit, everything else from its lowest.</summary>
    public ushort[] Codes { get; }

    /// <summary>Makes the code for symbols that occur so often.</summary>
    /// <param name="frequencies">Occurrences of each symbol. At least two symbols get a code, as some decoders insist on a complete one.</param>
    /// <param name="limit">The most bits a code may have.</param>
    public static HuffmanCode Build(ReadOnlySpan<int> frequencies, int limit)
    {
        var weights = frequencies.ToArray();
        for (var i = 0; weights.Count(w => w > 0) < 2; i++)
            weights[i] = Math.Max(1, weights[i]);
        var lengths = MakeLengths(weights);
        while (lengths.Max() > limit)
        {
            // Flatter frequencies make a shallower tree; in the limit all are 1 and the depth is the logarithm of the number of symbols.
            for (var i = 0; i < weights.Length; i++)
                weights[i] = (weights[i] + 1) / 2;
            lengths = MakeLengths(weights);
        }

        return new HuffmanCode(lengths, MakeCodes(lengths));
    }

    private static byte[] MakeLengths(int[] weights)
    {
        // Nodes 0..n-1 are the symbols, those above them the joints. Ties go to the lower node, so the result is defined.
        var parents = new int[2 * weights.Length];
        var queue = new PriorityQueue<int, (long Weight, int Node)>();
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
                queue.Enqueue(i, (weights[i], i));
        }

        var next = weights.Length;
        while (queue.Count > 1)
        {
            queue.TryDequeue(out var a, out var first);
            queue.TryDequeue(out var b, out var second);
            parents[a] = parents[b] = next;
            queue.Enqueue(next, (first.Weight + second.Weight, next));
            next++;
        }

        var depths = new byte[next];
        for (var node = next - 2; node >= 0; node--)
            depths[node] = node >= weights.Length || weights[node] > 0 ? (byte)(depths[parents[node]] + 1) : (byte)0;
        return depths[..weights.Length];
    }

    private static ushort[] MakeCodes(byte[] lengths)
    {
        var codes = new ushort[lengths.Length];
        var code = 0;
        for (var length = 1; length <= 15; length++)
        {
            for (var symbol = 0; symbol < lengths.Length; symbol++)
            {
                if (lengths[symbol] == length)
                    codes[symbol] = Reverse(code++, length);
            }

            code <<= 1;
        }

        return codes;
    }

    private static ushort Reverse(int code, int length)
    {
        var reversed = 0;
        for (var i = 0; i < length; i++)
            reversed |= ((code >> i) & 1) << (length - 1 - i);
        return (ushort)reversed;
    }
}
