using System.Buffers.Binary;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class PngReaderTests
{
    [Theory]
    [InlineData("gray16-interlaced.png")] // As oi9n0g16 of the public PngSuite.
    [InlineData("rgb16-interlaced.png")] // As oi9n2c16.
    [InlineData("gray16.png")]
    [InlineData("palette4-transparent-interlaced.png")]
    public void ChunksOfOneByteAreRead(string file)
    {
        var data = ImageVectors.Bytes(file);
        var pieces = TestPng.Chunks(data).SelectMany(chunk => chunk.Type == "IDAT" ? chunk.Content.Select(one => ("IDAT", new[] { one })) : [chunk]).ToArray();
        Assert.True(pieces.Length > 100);
        Assert.Equal(ImageCodec.Decode(data, file).Pixels, ImageCodec.Decode(TestPng.Join(pieces), file).Pixels);
    }

    [Fact]
    public void AnImageOfManyBlocksIsRead()
    {
        // Larger than the 65,535 bytes of a stored Deflate block, and a multiple of them.
        foreach (var (width, height) in new[] { (1000, 200), (65_534, 3), (255, 256) })
        {
            var image = new ByteImage(height, width, 1);
            new Random(width).NextBytes(image.Pixels);
            Assert.Equal(image.Pixels, ImageCodec.Decode(ImageCodec.EncodePng(image), "test").Pixels);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheTransparentValueOf16BitsIsUsed(bool isColor)
    {
        // Two pixels, of which the second is transparent; Pillow cannot tell, since it reduces pixels to 8 bits before it compares.
        var png = isColor
            ? TestPng.Make(2, 1, 2, 16, Convert.FromHexString("00" + "123456789ABC" + "12345678DEF0"), transparency: Convert.FromHexString("12345678DEF0"))
            : TestPng.Make(2, 1, 0, 16, Convert.FromHexString("00" + "1234" + "1235"), transparency: Convert.FromHexString("1235"));
        Assert.Equal(isColor ? "12569AFFFFFF" : "12FF", Convert.ToHexString(ImageCodec.Decode(png, "test").Pixels));
    }

    [Fact]
    public void TheTransparentValueOfFewBitsIsUsed()
    {
        var png = TestPng.Make(4, 1, 0, 2, [0, 0b00_01_10_11], transparency: [0, 1]);
        Assert.Equal("00FFAAFF", Convert.ToHexString(ImageCodec.Decode(png, "test").Pixels));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnIndexBeyondThePaletteIsBlack(bool isInterlaced)
    {
        var scanlines = isInterlaced ? new byte[] { 0, 0, 0, 9 } : [0, 0, 9];
        var png = TestPng.Join([
            ("IHDR", TestPng.Header(2, 1, 3, 8, isInterlaced)), ("PLTE", [50, 60, 70]), ("IDAT", TestPng.Compress(scanlines)), ("IEND", [])]);
        Assert.Equal("323C46000000", Convert.ToHexString(ImageCodec.Decode(png, "test").Pixels));
    }

    [Theory]
    [InlineData("IHDR", 12, "checksum of its chunk IHDR")]
    [InlineData("IDAT", 0, "checksum of its chunk IDAT")]
    [InlineData("tEXt", 0, null)]
    public void ChecksumsAreCompared(string type, int at, string? expected)
    {
        var chunks = TestPng.Chunks(ImageVectors.Bytes("rgb8.png"));
        chunks.Insert(1, ("tEXt", [65, 0, 66]));
        var data = TestPng.Join(chunks);
        data[data.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(type)) + 4 + at] ^= 1;
        if (expected is null)
            Assert.Equal(19, ImageCodec.Decode(data, "test").Width);
        else
            Assert.Contains(expected, Assert.Throws<ImageException>(() => ImageCodec.Decode(data, "test")).Message);
    }

    [Fact]
    public void TheChecksumOfTheScanlinesIsCompared()
    {
        var compressed = TestPng.Compress([0, 1, 2, 3]);
        compressed[^1] ^= 1;
        var data = TestPng.Join([("IHDR", TestPng.Header(3, 1, 0, 8)), ("IDAT", compressed), ("IEND", [])]);
        Assert.Contains("test", Assert.Throws<ImageException>(() => ImageCodec.Decode(data, "test")).Message);
    }

    [Fact]
    public void BadChunksAreNamed()
    {
        var good = TestPng.Chunks(ImageVectors.Bytes("palette4.png"));
        void Fails(string expected, IEnumerable<(string, byte[])> chunks) =>
            Assert.Contains(expected, Assert.Throws<ImageException>(() => ImageCodec.Decode(TestPng.Join(chunks), "test")).Message);

        Fails("IHDR was expected", good.Skip(1));
        Fails("Apple", [("CgBI", [0, 0, 0, 0]), .. good]);
        Fails("no image data", good.Where(chunk => chunk.Type != "IDAT"));
        Fails("palette has 0 bytes", good.Where(chunk => chunk.Type != "PLTE"));
        Fails("truncated", good.Where(chunk => chunk.Type != "IEND"));
        Fails("color type 3 with 16 bits", [("IHDR", TestPng.Header(19, 13, 3, 16)), .. good.Skip(1)]);
        Fails("color type 5", [("IHDR", TestPng.Header(19, 13, 5, 8)), .. good.Skip(1)]);
        Fails("at least 1", [("IHDR", TestPng.Header(0, 13, 3, 4)), .. good.Skip(1)]);

        var textMode = ImageVectors.Bytes("rgb8.png").ToList();
        textMode.RemoveAt(4); // CR LF that became LF.
        Assert.Contains("text mode", Assert.Throws<ImageException>(() => ImageCodec.Decode([.. textMode], "test")).Message);
    }

    [Fact]
    public void EveryOrientationIsApplied()
    {
        // 1 2 3 / 4 5 6, stored so that it has to be turned.
        string[] upright = ["123456", "321654", "654321", "456123", "142536", "415263", "635241", "362514"];
        for (var value = 1; value <= 8; value++)
        {
            // A TIFF block of one tag, with the high byte first.
            var exif = Convert.FromHexString("4D4D002A00000008" + "0001" + "0112000300000001" + $"{value:X4}0000" + "00000000");
            var png = TestPng.Join([
                ("IHDR", TestPng.Header(3, 2, 0, 8)), ("eXIf", exif), ("IDAT", TestPng.Compress([0, 1, 2, 3, 0, 4, 5, 6])), ("IEND", [])]);
            var image = ImageCodec.Decode(png, "test");
            Assert.Equal(upright[value - 1], string.Concat(image.Pixels));
            Assert.Equal(value < 5 ? (2, 3) : (3, 2), (image.Height, image.Width));
        }
    }

    [Theory]
    [InlineData("4D4D002A00000008" + "0001" + "0112000300000001" + "00090000" + "00000000")] // 9.
    [InlineData("4D4D002A7FFFFFFF")]
    [InlineData("4D4D002A00000008" + "FFFF")]
    [InlineData("4D4D002A00000008" + "0001" + "01120003FFFFFFFF" + "7FFFFFFF" + "00000000")]
    [InlineData("00")]
    public void ADamagedOrientationIsIgnored(string exif)
    {
        var chunks = TestPng.Chunks(ImageVectors.Bytes("rgb8.png"));
        chunks.Insert(1, ("eXIf", Convert.FromHexString(exif)));
        Assert.Equal(19, ImageCodec.Decode(TestPng.Join(chunks), "test").Width);
    }

    [Fact]
    public void TheSizeIsReadWithTheHighByteFirst()
    {
        var image = ImageCodec.Decode(TestPng.Make(258, 1, 0, 8, new byte[259]), "test");
        Assert.Equal((1, 258), (image.Height, image.Width));
        Assert.Equal(258, BinaryPrimitives.ReadInt32BigEndian(TestPng.Chunks(ImageCodec.EncodePng(image))[0].Content));
    }
}
