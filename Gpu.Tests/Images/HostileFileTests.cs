using System.Buffers.Binary;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

/// <summary>Headers that promise what the file does not have, and structures that lead ImageSharp 2.1.13 astray.</summary>
public class HostileFileTests
{
    private const int MostBytes = 1_000_000;

    public static TheoryData<string, string, int, string> LargeHeaders => new()
    {
        // A file, what is written into it and where, and what the message says.
        { "rgb8.png", "", 0, "60000 x 60000" },
        { "gray8-interlaced.png", "", 0, "60000 x 60000" },
        { "ycc420.jpg", "", 0, "60000 x 60000" },
        { "ycc420-progressive.jpg", "", 0, "60000 x 60000" },
        { "bits24.bmp", "60EA000060EA0000", 18, "60000 x 60000" },
        { "bits24-core.bmp", "60EA60EA", 18, "60000 x 60000" },
        { "rle8.bmp", "60EA000060EA0000", 18, "60000 x 60000" },
        { "bits24.bmp", "0000008000000080", 18, "pixels" },
        { "palette.gif", "60EA60EA", 6, "60000 x 60000" },
        { "rgb.tga", "60EA60EA", 12, "60000 x 60000" },
        { "rgb-rle.tga", "60EA60EA", 12, "60000 x 60000" },
        { "lossy.webp", "FF3FFF3F", 26, "16383 x 16383" },
        { "lossless.webp", "FFFFFF0F", 21, "16384 x 16384" },
        { "plain.ppm", "50330A39393939392039393939390A3235350A", 0, "99999 x 99999" },
        { "binary.pgm", "50350A39393939392039393939390A3235350A", 0, "99999 x 99999" },
        { "binary.pbm", "50340A39393939393939393939392031200A", 0, "1 x 2147483647" },
    };

    [Theory]
    [MemberData(nameof(LargeHeaders))]
    public void AHugeSizeIsAnErrorAndNotAnAllocation(string file, string bytes, int at, string expected)
    {
        var data = ImageVectors.Bytes(file);
        if (file.EndsWith(".png", StringComparison.Ordinal))
        {
            var chunks = TestPng.Chunks(data);
            chunks[0] = ("IHDR", TestPng.Header(60_000, 60_000, chunks[0].Content[9], 8, chunks[0].Content[12] == 1));
            data = TestPng.Join(chunks);
        }
        else if (file.EndsWith(".jpg", StringComparison.Ordinal))
        {
            var frame = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 17, 8]);
            Convert.FromHexString("EA60EA60").CopyTo(data, frame + 3);
        }
        else
        {
            Convert.FromHexString(bytes).CopyTo(data, at);
        }

        Assert.Contains(expected, FailCheaply(data));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALargePngOfFewBytesIsAnErrorAndNotAnAllocation(bool isInterlaced)
    {
        // The size is allowed, but cannot come out of so little.
        var chunks = TestPng.Chunks(ImageVectors.Bytes("rgb8.png"));
        chunks[0] = ("IHDR", TestPng.Header(10_000, 10_000, 2, 8, isInterlaced));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("last row", Assert.Throws<ImageException>(() => ImageCodec.Decode(TestPng.Join(chunks), "test")).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
    }

    [Fact]
    public void AHugeTiffIsAnErrorAndNotAnAllocation()
    {
        foreach (var tag in new[] { 256, 257 })
            Assert.Contains("4294967295", FailCheaply(WithTag("rgb-raw.tif", tag, type: 4, count: 1, value: uint.MaxValue)));
        Assert.Contains("truncated", FailCheaply(WithTag("rgb-raw.tif", 273, type: 4, count: 1_000_000_000, value: 8)));
        Assert.Contains("truncated", FailCheaply(WithTag("rgb-lzw.tif", 279, type: 4, count: 1, value: 1_000_000_000)));
        Assert.Contains("truncated", FailCheaply(WithTag("p-raw.tif", 320, type: 3, count: 1_000_000_000, value: 8)));
        Assert.Contains("channels", FailCheaply(WithTag("rgb-raw.tif", 277, type: 4, count: 1, value: uint.MaxValue)));
        Assert.Contains("no rows", FailCheaply(WithTag("rgb-raw.tif", 278, type: 4, count: 1, value: 0)));

        // A strip of more rows than the image is no more than the image, and one without compression is as long as its rows.
        var whole = ImageCodec.Decode(ImageVectors.Bytes("rgb-raw.tif"), "test").Pixels;
        Assert.Equal(whole, ImageCodec.Decode(WithTag("rgb-raw.tif", 278, type: 4, count: 1, value: int.MaxValue), "test").Pixels);
        Assert.Equal(whole, ImageCodec.Decode(WithTag("rgb-raw.tif", 279, type: 4, count: 1, value: 1_000_000_000), "test").Pixels);
    }

    [Theory]
    [InlineData("bits8.bmp", 46, 0x20000000u)] // Colors of the palette.
    [InlineData("bits8.bmp", 10, 0x7FFFFFFFu)] // Where the pixels begin.
    [InlineData("rgb8.png", 8, 0x7FFFFFFFu)] // The length of the first chunk, in reverse.
    [InlineData("lossy.webp", 16, 0xFFFFFFF0u)] // The length of the image.
    [InlineData("lossy-alpha.webp", 34, 0x80000000u)] // The length of alpha.
    [InlineData("lossy.webp", 4, 0xFFFFFFFFu)] // The length of the file.
    public void AHugeLengthIsAnErrorAndNotAnAllocation(string file, int at, uint value)
    {
        var data = ImageVectors.Bytes(file);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(at), value);
        FailCheaply(data);
    }

    [Fact]
    public void PartsOfAFileCannotBeLargerThanItsHeaderSays()
    {
        // A second, larger frame header in a JPEG, and a second, larger header in a PNG, which is ignored.
        var jpeg = ImageVectors.Bytes("ycc420.jpg");
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        byte[] larger = [.. jpeg[frame..(frame + 5)], 0x40, 0, 0x40, 0, .. jpeg[(frame + 9)..(frame + 19)]];
        Assert.Contains("two frame headers", FailCheaply([.. jpeg[..(frame + 19)], .. larger, .. jpeg[(frame + 19)..]]));
        var chunks = TestPng.Chunks(ImageVectors.Bytes("rgb8.png"));
        chunks.Insert(chunks.Count - 1, ("IHDR", TestPng.Header(10_000, 10_000, 2, 8)));
        chunks.Insert(chunks.Count - 1, chunks[1]);
        Assert.Equal((13, 19), (ImageCodec.Decode(TestPng.Join(chunks), "test").Height, ImageCodec.Decode(TestPng.Join(chunks), "test").Width));

        // A GIF whose frame is larger than its canvas enlarges that, and a frame that is too large is an error.
        var gif = ImageVectors.Bytes("palette-plain.gif");
        var descriptor = gif.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x2C, 0, 0, 0, 0, 19, 0, 13, 0]);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(descriptor + 5), 65_535);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(descriptor + 7), 65_535);
        Assert.Contains("65535 x 65535", FailCheaply(gif));

        // An extended WebP header of another size.
        var webp = ImageVectors.Bytes("lossy-alpha.webp");
        webp[25] = 0xFF;
        Assert.Contains("its header says", FailCheaply(webp));
    }

    [Fact]
    public void ScansThatDoNotFitTheFirstAreAnError()
    {
        // A baseline JPEG with another scan of one component behind that of all, for which ImageSharp has no room.
        var data = ImageVectors.Bytes("ycc444.jpg");
        byte[] scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        Assert.Contains("two scans of component 1", FailCheaply([.. data[..^2], .. scan, 0xFF, 0xD9]));

        // Two of three components in a scan.
        var start = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        byte[] two = [.. data[..start], 0xFF, 0xDA, 0, 10, 2, 1, 0, 2, 0x11, 0, 63, 0, .. data[(start + 14)..]];
        Assert.Contains("2 of 3 components", FailCheaply(two));

        // Sampling factors that do not divide each other.
        var frame = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (data[frame + 11], data[frame + 14]) = (0x31, 0x21);
        Assert.Contains("ratios", FailCheaply(data));
    }

    [Theory]
    [InlineData(0xC3, "lossless JPEG")]
    [InlineData(0xC5, "hierarchical JPEG")]
    [InlineData(0xC9, "arithmetic coding")]
    public void OtherKindsOfJpegAreNamed(int marker, string expected)
    {
        var data = ImageVectors.Bytes("ycc444.jpg");
        data[data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 1] = (byte)marker;
        Assert.Contains(expected, FailCheaply(data));
    }

    [Fact]
    public void AGroupNumberInALosslessWebPIsNoAllocation()
    {
        // 16 x 16, no transforms, no cache, groups of codes; the image of groups is one pixel of red 255 and green 255: 65,536 groups.
        var bits = new List<int>();
        void Put(int value, int count) => bits.AddRange(Enumerable.Range(0, count).Select(i => value >> i & 1));
        Put(0x2F, 8);
        Put(15, 14);
        Put(15, 14);
        Put(0, 4); // No alpha, version 0.
        Put(0, 2); // No transforms, no cache.
        Put(1, 1);
        Put(2, 3); // Blocks of 16.
        Put(0, 1);
        foreach (var symbol in new[] { 255, 255, 0, 0, 0 })
        {
            Put(1, 1); // A code of one symbol of 8 bits.
            Put(0, 1);
            Put(1, 1);
            Put(symbol, 8);
        }

        var image = new byte[(bits.Count + 7) / 8 + 20];
        for (var i = 0; i < bits.Count; i++)
            image[i / 8] |= (byte)(bits[i] << (i % 8));
        byte[] file = [.. "RIFF"u8, (byte)(image.Length + 12), 0, 0, 0, .. "WEBPVP8L"u8, (byte)image.Length, 0, 0, 0, .. image];
        Assert.Contains("65536 kinds of blocks", FailCheaply(file));
    }

    // The error's message; getting it must not take memory for the image that was promised, and no decoder may have begun.
    private static string FailCheaply(byte[] data)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ImageException>(() => ImageCodec.Decode(data, "big.file"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        Assert.Contains("big.file", error.Message);
        Assert.IsType<InvalidDataException>(error.InnerException);
        Assert.DoesNotContain("PixelDecoder", error.InnerException.StackTrace);
        return error.Message;
    }

    private static byte[] WithTag(string file, int tag, int type, uint count, uint value)
    {
        var data = ImageVectors.Bytes(file);
        var directory = BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(4));
        for (var i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(directory)); i++)
        {
            var entry = data.AsSpan(directory + 2 + (12 * i));
            if (BinaryPrimitives.ReadUInt16LittleEndian(entry) != tag)
                continue;
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], count);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], value);
            return data;
        }

        throw new ArgumentException($"'{file}' has no tag {tag}.");
    }
}
