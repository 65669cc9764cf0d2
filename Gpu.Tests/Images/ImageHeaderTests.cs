using System.Buffers.Binary;
using Gpu.Tests.IO;
using Gpu.Training.Images;
using Gpu.Training.Images.Formats;

namespace Gpu.Tests.Images;

public class ImageHeaderTests
{
    public static TheoryData<string> Files => [.. ImageVectors.Names];

    [Theory]
    [MemberData(nameof(Files))]
    public void TheHeaderHasTheSizeOfTheImage(string name)
    {
        using var folder = new TempFolder();
        var (height, width, _) = ImageVectors.Expected(name);
        var size = ImageHeader.Read(folder.Write(name, ImageVectors.Bytes(name)));

        // The orientation of these is behind the pixels, and is not looked for.
        Assert.True(size == (height, width) || (size == (width, height) && (name.EndsWith(".png") || name.EndsWith(".webp"))), $"{size}");
    }

    [Fact]
    public void ALargeThumbnailInFrontOfTheSizeIsPassedOver()
    {
        using var folder = new TempFolder();
        var jpeg = ImageVectors.Bytes("ycc420.jpg");
        byte[] comment = [0xFF, 0xFE, 0xFF, 0xFF, .. new byte[65_533]];
        byte[] data = [.. jpeg[..2], .. comment, .. comment, .. jpeg[2..]];
        var (height, width, _) = ImageVectors.Expected("ycc420.jpg");
        Assert.Equal((height, width), ImageHeader.Read(folder.Write("a.jpg", data)));
    }

    [Fact]
    public void TooManyPixelsAreAnErrorBeforeAnythingIsDecoded()
    {
        using var folder = new TempFolder();
        var gif = ImageVectors.Bytes("palette-plain.gif");
        var frame = gif.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x2C, 0, 0, 0, 0]);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(frame + 5), 11_000);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(frame + 7), 11_000);
        var error = Assert.Throws<ImageException>(() => ImageHeader.Read(folder.Write("a.gif", gif)));
        Assert.Contains("11000 x 11000 pixels", error.Message);
        Assert.Contains("at most 100,000,000 pixels", error.Message);
        Assert.Contains("does not exist", Assert.Throws<ImageException>(() => ImageHeader.Read(folder.File("none.png"))).Message);
        Assert.Contains("no supported format", Assert.Throws<ImageException>(() => ImageHeader.Read(folder.Write("b.png", "text"u8.ToArray()))).Message);
    }
}
