using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class PngTests
{
    private const int Width = 13;
    private const int Height = 11;

    public static TheoryData<int, int> Kinds => new()
    {
        { 0, 1 }, { 0, 2 }, { 0, 4 }, { 0, 8 }, { 0, 16 }, { 2, 8 }, { 2, 16 }, { 3, 1 }, { 3, 2 }, { 3, 4 }, { 3, 8 }, { 4, 8 }, { 4, 16 }, { 6, 8 }, { 6, 16 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryKindIsRead(int type, int depth)
    {
        foreach (var interlaced in new[] { false, true })
        {
            // Sizes at which some of the seven passes are empty, too.
            foreach (var (width, height) in new[] { (Width, Height), (1, 1), (3, 5), (8, 8), (5, 1) })
            {
                for (var filter = 0; filter <= 5; filter++)
                {
                    var (file, expected) = Make(type, depth, width, height, interlaced, filter);
                    var image = PngDecoder.Decode(file, "test");
                    Assert.Equal((height, width, type is 0 or 4 ? 1 : 3), (image.Height, image.Width, image.Channels));
                    Assert.Equal(expected, image.Pixels);
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void WhatIsWrittenIsRead(int channels)
    {
        var pixels = new byte[Height * Width * channels];
        new Random(1).NextBytes(pixels);
        var image = PngDecoder.Decode(PngEncoder.Encode(new ByteImage(Height, Width, channels, pixels)), "test");
        Assert.Equal((Height, Width, channels), (image.Height, image.Width, image.Channels));
        Assert.Equal(pixels, image.Pixels);
    }

    [Fact]
    public void EveryTruncationIsNoticed()
    {
        var (file, _) = Make(2, 8, Width, Height, interlaced: false, filter: 4);
        for (var length = 8; length < file.Length; length++)
        {
            var error = Assert.Throws<ImageException>(() => PngDecoder.Decode(file[..length], "the-file.png"));
            Assert.Contains("the-file.png", error.Message);
        }
    }

    [Fact]
    public void EveryFlippedBitIsNoticed()
    {
        var (file, _) = Make(0, 8, Width, Height, interlaced: false, filter: 1);
        for (var i = 8; i < file.Length; i++)
        {
            var damaged = (byte[])file.Clone();
            damaged[i] ^= 4;
            Assert.Throws<ImageException>(() => PngDecoder.Decode(damaged, "test"));
        }
    }

    [Fact]
    public void BrokenRulesAreErrors()
    {
        var header = Convert.FromHexString("0000000200000002" + "0800000000");
        byte[] Header(int position, byte value)
        {
            var changed = (byte[])header.Clone();
            changed[position] = value;
            return changed;
        }

        var end = TestPng.Chunk("IEND", []);
        var good = TestPng.Chunk("IHDR", header);
        AssertError("no IDAT", good, end);
        AssertError("first chunk is IEND", end);
        AssertError("two IHDR", good, good, end);
        AssertError("colour type 5", TestPng.Chunk("IHDR", Header(9, 5)), end);
        AssertError("colour type 2 with 4 bits", TestPng.Chunk("IHDR", [.. header[..8], 4, 2, 0, 0, 0]), end);
        AssertError("interlace 2", TestPng.Chunk("IHDR", Header(12, 2)), end);
        AssertError("0 x 2 pixels", TestPng.Chunk("IHDR", Header(3, 0)), end);
        AssertError("at most", TestPng.Chunk("IHDR", [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, .. header[8..]]), end);
        AssertError("cannot come from", TestPng.Chunk("IHDR", [0, 0, 0x20, 0, 0, 0, 0x20, 0, .. header[8..]]), TestPng.Chunk("IDAT", [1, 2, 3]), end);
        AssertError("no PLTE", TestPng.Chunk("IHDR", Header(9, 3)), TestPng.Chunk("IDAT", [1, 2, 3]), end);
        AssertError("chunk ABCD", good, TestPng.Chunk("ABCD", []), end);
        AssertError("palette has 4 bytes", good, TestPng.Chunk("PLTE", [1, 2, 3, 4]), end);
        AssertError("cannot be decompressed", good, TestPng.Chunk("IDAT", [1, 2, 3, 4, 5, 6]), end);

        var outside = TestPng.Make(2, 2, 3, 2, [0, 1, 2, 3], interlaced: false, filter: 0, palette: [1, 1, 1, 2, 2, 2, 3, 3, 3]);
        Assert.Contains("palette entry 3", Assert.Throws<ImageException>(() => PngDecoder.Decode(outside, "test")).Message);
    }

    private static void AssertError(string expected, params byte[][] chunks)
    {
        var error = Assert.Throws<ImageException>(() => PngDecoder.Decode(TestPng.File(chunks), "the-file.png"));
        Assert.Contains(expected, error.Message);
        Assert.Contains("the-file.png", error.Message);
    }

    private static (byte[] File, byte[] Expected) Make(int type, int depth, int width, int height, bool interlaced, int filter)
    {
        var random = new Random((type * 100) + depth + width);
        var perPixel = type switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        var samples = new int[width * height * perPixel];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = random.Next(1 << depth);
        byte[]? palette = null;
        if (type == 3)
        {
            palette = new byte[3 << depth];
            random.NextBytes(palette);
        }

        var colours = type is 0 or 4 ? 1 : 3;
        var expected = new byte[width * height * colours];
        for (var i = 0; i < expected.Length; i++)
        {
            var (pixel, c) = (i / colours, i % colours);
            expected[i] = palette is null
                ? (byte)Math.Round(samples[(pixel * perPixel) + c] * 255.0 / ((1 << depth) - 1))
                : palette[(samples[pixel] * 3) + c];
        }

        return (TestPng.Make(width, height, type, depth, samples, interlaced, filter, palette), expected);
    }
}
