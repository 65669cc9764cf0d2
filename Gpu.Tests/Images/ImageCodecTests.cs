using Gpu.Tests.IO;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class ImageCodecTests
{
    [Theory]
    [InlineData("rgb8.png")]
    [InlineData("ycc444.jpg")]
    [InlineData("bits24.bmp")]
    [InlineData("palette.gif")]
    [InlineData("rgb-lzw.tif")]
    [InlineData("lossless.webp")]
    [InlineData("rgb.tga")]
    [InlineData("binary.ppm")]
    public void TheContentDecidesNotTheName(string file)
    {
        using var folder = new TempFolder();
        var (_, _, expected) = ImageVectors.Expected(file);
        foreach (var name in new[] { "a.png", "a.jpg", "a" })
        {
            var pixels = ImageCodec.Load(folder.Write(name, ImageVectors.Bytes(file))).Pixels;
            Assert.All(expected.Zip(pixels), pair => Assert.InRange(pair.Second - pair.First, -2, 2));
        }
    }

    [Fact]
    public void EndingsInAnyCase()
    {
        foreach (var ending in "png jpg jpeg jpe jfif bmp gif tif tiff webp tga pbm pgm ppm pnm".Split(' '))
        {
            Assert.True(ImageCodec.HasImageExtension($"a.{ending}"));
            Assert.True(ImageCodec.HasImageExtension($"x/a.{ending.ToUpperInvariant()}"));
        }

        Assert.False(ImageCodec.HasImageExtension("a.txt"));
        Assert.False(ImageCodec.HasImageExtension("png"));
    }

    [Theory]
    [InlineData("0000001C667479706865696300000000", "HEIF, AVIF", "0000001C6674797068656963")]
    [InlineData("0000000C4A584C200D0A870A", "JPEG XL", "0000000C4A584C20")]
    [InlineData("0000000C6A5020200D0A870A", "JPEG 2000", "0000000C6A502020")]
    [InlineData("000001000100101000", "a Windows icon", "000001000100")]
    [InlineData("3842505300010000", "Photoshop", "38425053")]
    [InlineData("3C21444F43545950452068746D6C3E", "a web page", "<!DOCTYPE ht")]
    [InlineData("1F8B080000000000", "gzip", "1F8B08")]
    [InlineData("76657273696F6E2068747470733A2F2F6769742D6C66732E", "git lfs pull", "version http")]
    [InlineData("6E6F2070696374757265", "no supported format", "6E6F2070696374757265 (\"no picture\")")]
    [InlineData("FF", "no supported format", "FF (\".\")")]
    public void ContentOfAnotherFormatIsNamed(string content, string expected, string also)
    {
        var error = Assert.Throws<ImageException>(() => ImageCodec.Decode(Convert.FromHexString(content), "photo.jpg"));
        Assert.Contains("photo.jpg", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.Contains(also, error.Message);
    }

    [Fact]
    public void GrayPixelsMakeAGrayImage()
    {
        var gray = ImageCodec.Decode(ImageCodec.EncodePng(new ByteImage(1, 2, 3, [7, 7, 7, 9, 9, 9])), "test");
        Assert.Equal((1, "0709"), (gray.Channels, Convert.ToHexString(gray.Pixels)));
        var color = ImageCodec.Decode(ImageCodec.EncodePng(new ByteImage(1, 2, 3, [7, 7, 7, 9, 9, 8])), "test");
        Assert.Equal(3, color.Channels);
    }

    [Theory]
    [InlineData(1, 0, 8)]
    [InlineData(3, 2, 8)]
    public void ImagesAreWrittenAsPngOf8Bits(int channels, int colorType, int depth)
    {
        using var folder = new TempFolder();
        var random = new Random(channels);
        var image = new ByteImage(5, 7, channels);
        random.NextBytes(image.Pixels);
        ImageCodec.SavePng(folder.File("new", "a.png"), image);
        var header = TestPng.Chunks(File.ReadAllBytes(folder.File("new", "a.png")))[0].Content;
        Assert.Equal((depth, colorType, 0), (header[8], header[9], header[12]));
        Assert.Equal(image.Pixels, ImageCodec.Load(folder.File("new", "a.png")).Pixels);
    }

    [Fact]
    public void ChannelsAreConverted()
    {
        var image = new ByteImage(1, 2, 3, [255, 0, 0, 10, 20, 30]);
        Assert.Equal([76, 18], image.ToChannels(1).Pixels); // 0.299 x 255 = 76.2; 2.99 + 11.74 + 3.42 = 18.15.
        Assert.Equal([76, 76, 76, 18, 18, 18], image.ToChannels(1).ToChannels(3).Pixels);
        Assert.Same(image, image.ToChannels(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.ToChannels(2));
        Assert.Throws<ArgumentException>(() => new ByteImage(2, 2, 1, new byte[3]));
    }

    [Fact]
    public void TransparencyShowsTheBackground()
    {
        // Opaque, half transparent and transparent red.
        var png = TestPng.Make(3, 1, 6, 8, [0, 200, 0, 0, 255, 200, 0, 0, 128, 200, 0, 0, 0]);
        Assert.Equal("C80000E37F7FFFFFFF", Convert.ToHexString(ImageCodec.Decode(png, "test").Pixels));
        Assert.Equal("C80000640000000000", Convert.ToHexString(ImageCodec.Decode(png, "test", RgbColor.Black).Pixels));
        Assert.Equal("C80000643F7F007FFF", Convert.ToHexString(ImageCodec.Decode(png, "test", RgbColor.Parse("#007FFF")).Pixels));
    }

    [Theory]
    [InlineData("white", "#ffffff")]
    [InlineData("Black", "#000000")]
    [InlineData("#1aF", null)]
    [InlineData("#12a4FF", "#12a4ff")]
    [InlineData("12a4ff", null)]
    [InlineData("#+2a4ff", null)]
    [InlineData("red", null)]
    [InlineData("", null)]
    public void ColorsAreRead(string text, string? expected)
    {
        if (expected is null)
            Assert.Contains($"'{text}' is not a color", Assert.Throws<FormatException>(() => RgbColor.Parse(text)).Message);
        else
            Assert.Equal(expected, RgbColor.Parse(text).ToString());
    }

    [Fact]
    public void MissingAndEmptyFiles()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<ImageException>(() => ImageCodec.Load(folder.File("none.png"))).Message);
        Assert.Contains("is empty", Assert.Throws<ImageException>(() => ImageCodec.Load(folder.Write("a.png", []))).Message);
        Assert.Contains("is empty", Assert.Throws<ImageException>(() => ImageCodec.Decode([], "a.png")).Message);
        Directory.CreateDirectory(folder.File("b.png"));
        Assert.Contains("is a folder", Assert.Throws<ImageException>(() => ImageCodec.Load(folder.File("b.png"))).Message);
    }
}
