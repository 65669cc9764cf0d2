using Gpu.Tests.IO;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class ImageCodecTests
{
    [Fact]
    public void TheContentDecidesNotTheName()
    {
        using var folder = new TempFolder();
        var path = folder.Write("picture.jpg", ImageCodec.EncodePng(new ByteImage(1, 2, 3, [1, 2, 3, 4, 5, 6])));
        Assert.Equal([1, 2, 3, 4, 5, 6], ImageCodec.Load(path).Pixels);
    }

    [Fact]
    public void GreyPixelsMakeAGreyImage()
    {
        var grey = ImageCodec.Decode(ImageCodec.EncodePng(new ByteImage(1, 2, 3, [7, 7, 7, 9, 9, 9])), "test");
        Assert.Equal((1, "0709"), (grey.Channels, Convert.ToHexString(grey.Pixels)));
        var colour = ImageCodec.Decode(ImageCodec.EncodePng(new ByteImage(1, 2, 3, [7, 7, 7, 9, 9, 8])), "test");
        Assert.Equal(3, colour.Channels);
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
    public void AJpegIsDecodedOrAnErrorSaysWhy()
    {
        byte[] start = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, (byte)'J', (byte)'F', (byte)'I', (byte)'F'];
        var error = Assert.Throws<ImageException>(() => ImageCodec.Decode(start, "photo.jpg"));
        Assert.Contains("photo.jpg", error.Message);
    }

    [Fact]
    public void MissingAndEmptyFiles()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<ImageException>(() => ImageCodec.Load(folder.File("none.png"))).Message);
        Assert.Contains("is empty", Assert.Throws<ImageException>(() => ImageCodec.Load(folder.Write("a.png", []))).Message);
    }
}
