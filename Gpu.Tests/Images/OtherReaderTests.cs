using System.Buffers.Binary;
using System.Text;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

/// <summary>What Pillow cannot be asked about, or does in another way.</summary>
public class OtherReaderTests
{
    [Theory]
    [InlineData(0, 0, 3, 2)] // The frame is in the corner of a canvas of 3 x 2.
    [InlineData(1, 1, 3, 2)] // It reaches beyond the canvas, which grows.
    [InlineData(1, 0, 2, 1)]
    [InlineData(0, 0, 0, 0)] // There is no canvas.
    public void AGifFrameLiesOnItsCanvas(int left, int top, int canvasWidth, int canvasHeight)
    {
        // A frame of 2 x 2, interlaced, of colors 1 2 / 3 1.
        byte[] gif =
        [
            .. "GIF89a"u8, (byte)canvasWidth, 0, (byte)canvasHeight, 0, 0x81, 0, 0, 0, 0, 0, 10, 10, 10, 20, 20, 20, 30, 30, 30,
            0x2C, (byte)left, 0, (byte)top, 0, 2, 0, 2, 0, 0x40, 2, 3, 0b10_001_100, 0b0_001_011_0, 0b0000_101_0, 0, 0x3B,
        ];
        var image = ImageCodec.Decode(gif, "test", RgbColor.Parse("#646464"));
        var (width, height) = (Math.Max(canvasWidth, left + 2), Math.Max(canvasHeight, top + 2));
        Assert.Equal((height, width, 1), (image.Height, image.Width, image.Channels));
        byte[] frame = [10, 20, 30, 10];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var isInside = x >= left && x < left + 2 && y >= top && y < top + 2;
                Assert.Equal(isInside ? frame[((y - top) * 2) + x - left] : 100, image.Pixels[(y * width) + x]);
            }
        }
    }

    [Fact]
    public void AGifWithoutColorsIsGray()
    {
        byte[] gif = [.. "GIF87a"u8, 2, 0, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0b11_001_100, 0b0000_101_0, 0, 0x3B];
        Assert.Equal([1, 3], ImageCodec.Decode(gif, "test").Pixels);
    }

    [Fact]
    public void UnusedBytesOf32BitTgaPixelsAreNotAlpha()
    {
        byte[] header = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 32, 0x20];
        Assert.Equal("010203040506", Convert.ToHexString(ImageCodec.Decode([.. header, 3, 2, 1, 0, 6, 5, 4, 0], "test").Pixels));

        // They are when one of them is not 0, or when the header says so.
        Assert.Equal("010203FFFFFF", Convert.ToHexString(ImageCodec.Decode([.. header, 3, 2, 1, 255, 6, 5, 4, 0], "test").Pixels));
        header[17] = 0x28;
        Assert.Equal("FFFF", Convert.ToHexString(ImageCodec.Decode([.. header, 3, 2, 1, 0, 6, 5, 4, 0], "test").Pixels));
    }

    [Fact]
    public void ATgaPaletteCanBeginLaterOrBelongToNoPixel()
    {
        // Colors 2 and 3, of which pixels are made.
        byte[] paletted = [0, 1, 1, 2, 0, 2, 0, 24, 0, 0, 0, 0, 2, 0, 1, 0, 8, 0x20, 1, 2, 3, 4, 5, 6, 3, 2];
        Assert.Equal("060504030201", Convert.ToHexString(ImageCodec.Decode(paletted, "test").Pixels));
        byte[] trueColor = [0, 1, 2, 0, 0, 1, 0, 24, 0, 0, 0, 0, 1, 0, 1, 0, 24, 0x20, 9, 9, 9, 3, 2, 1];
        Assert.Equal("010203", Convert.ToHexString(ImageCodec.Decode(trueColor, "test").Pixels));
    }

    [Fact]
    public void ABmpRunOfAnOddNumberOfNibblesIsRead()
    {
        // Pillow 9.4 loses the last of them.
        var data = ImageVectors.Bytes("rle4.bmp");
        var pixels = BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(10));
        byte[] rows = [.. Enumerable.Repeat<byte[]>([14, 0x12, 0, 5, 0x34, 0x56, 0x70, 0, 0, 0], 13).SelectMany(row => row), 0, 1];
        var image = ImageCodec.Decode([.. data[..pixels], .. rows], "test").ToChannels(3);
        byte[] indices = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 3, 4, 5, 6, 7];
        for (var x = 0; x < 19; x++)
        {
            var color = data.AsSpan(54 + (4 * indices[x]), 3);
            Assert.Equal([color[2], color[1], color[0]], image.Pixels.AsSpan(3 * x, 3).ToArray());
        }
    }

    [Fact]
    public void ABmpPaletteNeedNotTouchThePixels()
    {
        // With a gap of 300 bytes behind the palette, and a count of colors of 0, which means all.
        var data = ImageVectors.Bytes("bits8-all-colors.bmp");
        byte[] file = [.. data[..1078], .. new byte[300], .. data[1078..]];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), 1378);
        Assert.Equal(ImageCodec.Decode(data, "test").Pixels, ImageCodec.Decode(file, "test").Pixels);
    }

    [Theory]
    [InlineData("P1 3 2\n1 0 1\n010", 1, "00FF00FF00FF")]
    [InlineData("P1\n# a comment\n3 # another\n2\n101010", 1, "00FF00FF00FF")]
    [InlineData("P2 2 2 100 0 50 100 1\n", 1, "0080FF03")]
    [InlineData("P3\n1 2\n255\n1 2 3\n254 255 0 ", 3, "010203FEFF00")]
    public void PlainMapsAreRead(string file, int channels, string expected)
    {
        var image = ImageCodec.Decode(Encoding.ASCII.GetBytes(file), "test");
        Assert.Equal((channels, expected), (image.Channels, Convert.ToHexString(image.Pixels)));
    }

    [Theory]
    [InlineData("P4 10 2\n", "AA40FFC0", 1, "00FF00FF00FF00FFFF0000000000000000000000")]
    [InlineData("P5 2 1 255\n", "0A23", 1, "0A23")]
    [InlineData("P5 2 1 65535\n", "8000FFFF", 1, "80FF")]
    [InlineData("P5 2 1 15\n", "0F08", 1, "FF88")]
    [InlineData("P6 1 2 255 ", "0A0B0C0D0E0F", 3, "0A0B0C0D0E0F")]
    public void BinaryMapsAreRead(string header, string values, int channels, string expected)
    {
        byte[] file = [.. Encoding.ASCII.GetBytes(header), .. Convert.FromHexString(values)];
        var image = ImageCodec.Decode(file, "test");
        Assert.Equal((channels, expected), (image.Channels, Convert.ToHexString(image.Pixels)));
        for (var length = 0; length < file.Length; length++)
            Assert.Throws<ImageException>(() => ImageCodec.Decode(file[..length], "test"));
    }

    [Theory]
    [InlineData("P2 2 1 0 1 1\n", "largest value is 0")]
    [InlineData("P2 2 1 65536 1 1\n", "largest value is 65536")]
    [InlineData("P2 2 x 255 1 1\n", "no number for the height")]
    [InlineData("P2 99999999999 1 255 1\n", "1 x 2147483647")]
    [InlineData("P2 5000 5000 255 1\n", "truncated")]
    [InlineData("P5 5000 5000 255 1\n", "truncated")]
    [InlineData("P2 0 1 255 1\n", "1 x 0 pixels")]
    [InlineData("P1 2 1 1 2\n", "no 0 or 1")]
    [InlineData("P2 1 1 255 12", "no space follows a value")]
    public void BadMaps(string file, string expected)
    {
        var error = Assert.Throws<ImageException>(() => ImageCodec.Decode(Encoding.ASCII.GetBytes(file), "test.pgm"));
        Assert.Contains(expected, error.Message);
        Assert.Contains("test.pgm", error.Message);
    }
}
