using System.Runtime.Intrinsics;

namespace Gpu.Training.Images.Formats;

/// <summary>Splits rows of three interleaved components into planes, and joins them, 16 pixels at a time.</summary>
internal static class InterleavedPixels
{
    // Indices of bytes that a shuffle makes 0.
    private const byte No = 255;

    /// <summary>Copies each component of a row to a plane of its own.</summary>
    /// <param name="pixels">Three bytes for each pixel.</param>
    /// <param name="first">Receives the first component of each pixel.</param>
    /// <param name="second">Receives the second.</param>
    /// <param name="third">Receives the third.</param>
    public static void Split(ReadOnlySpan<byte> pixels, Span<byte> first, Span<byte> second, Span<byte> third)
    {
        var count = pixels.Length / 3;
        first = first[..count];
        second = second[..count];
        third = third[..count];
        var i = 0;
        for (; i <= count - 16; i += 16)
        {
            var at = pixels.Slice(3 * i, 48);
            Vector128<byte> a = Vector128.Create(at), b = Vector128.Create(at[16..]), c = Vector128.Create(at[32..]);
            (Vector128.Shuffle(a, Vector128.Create((byte)0, 3, 6, 9, 12, 15, No, No, No, No, No, No, No, No, No, No))
                | Vector128.Shuffle(b, Vector128.Create(No, No, No, No, No, No, (byte)2, 5, 8, 11, 14, No, No, No, No, No))
                | Vector128.Shuffle(c, Vector128.Create(No, No, No, No, No, No, No, No, No, No, No, (byte)1, 4, 7, 10, 13))).CopyTo(first[i..]);
            (Vector128.Shuffle(a, Vector128.Create((byte)1, 4, 7, 10, 13, No, No, No, No, No, No, No, No, No, No, No))
                | Vector128.Shuffle(b, Vector128.Create(No, No, No, No, No, (byte)0, 3, 6, 9, 12, 15, No, No, No, No, No))
                | Vector128.Shuffle(c, Vector128.Create(No, No, No, No, No, No, No, No, No, No, No, (byte)2, 5, 8, 11, 14))).CopyTo(second[i..]);
            (Vector128.Shuffle(a, Vector128.Create((byte)2, 5, 8, 11, 14, No, No, No, No, No, No, No, No, No, No, No))
                | Vector128.Shuffle(b, Vector128.Create(No, No, No, No, No, (byte)1, 4, 7, 10, 13, No, No, No, No, No, No))
                | Vector128.Shuffle(c, Vector128.Create(No, No, No, No, No, No, No, No, No, No, (byte)0, 3, 6, 9, 12, 15))).CopyTo(third[i..]);
        }

        for (; i < count; i++)
            (first[i], second[i], third[i]) = (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]);
    }

    /// <summary>Writes planes as the components of a row; the inverse of <see cref="Split"/>.</summary>
    /// <param name="first">The first component of each pixel.</param>
    /// <param name="second">The second.</param>
    /// <param name="third">The third.</param>
    /// <param name="pixels">Receives three bytes for each pixel.</param>
    public static void Join(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> pixels)
    {
        var count = pixels.Length / 3;
        first = first[..count];
        second = second[..count];
        third = third[..count];
        var i = 0;
        for (; i <= count - 16; i += 16)
        {
            Vector128<byte> r = Vector128.Create(first[i..]), g = Vector128.Create(second[i..]), b = Vector128.Create(third[i..]);
            var at = pixels.Slice(3 * i, 48);
            (Vector128.Shuffle(r, Vector128.Create((byte)0, No, No, 1, No, No, 2, No, No, 3, No, No, 4, No, No, 5))
                | Vector128.Shuffle(g, Vector128.Create(No, (byte)0, No, No, 1, No, No, 2, No, No, 3, No, No, 4, No, No))
                | Vector128.Shuffle(b, Vector128.Create(No, No, (byte)0, No, No, 1, No, No, 2, No, No, 3, No, No, 4, No))).CopyTo(at);
            (Vector128.Shuffle(r, Vector128.Create(No, No, (byte)6, No, No, 7, No, No, 8, No, No, 9, No, No, 10, No))
                | Vector128.Shuffle(g, Vector128.Create((byte)5, No, No, 6, No, No, 7, No, No, 8, No, No, 9, No, No, 10))
                | Vector128.Shuffle(b, Vector128.Create(No, (byte)5, No, No, 6, No, No, 7, No, No, 8, No, No, 9, No, No))).CopyTo(at[16..]);
            (Vector128.Shuffle(r, Vector128.Create(No, (byte)11, No, No, 12, No, No, 13, No, No, 14, No, No, 15, No, No))
                | Vector128.Shuffle(g, Vector128.Create(No, No, (byte)11, No, No, 12, No, No, 13, No, No, 14, No, No, 15, No))
                | Vector128.Shuffle(b, Vector128.Create((byte)10, No, No, 11, No, No, 12, No, No, 13, No, No, 14, No, No, 15))).CopyTo(at[32..]);
        }

        for (; i < count; i++)
            (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]) = (first[i], second[i], third[i]);
    }
}
