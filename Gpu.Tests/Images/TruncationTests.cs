using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class TruncationTests
{
    public static TheoryData<string> Files => [.. ImageVectors.Names];

    [Theory]
    [MemberData(nameof(Files))]
    public void AFileThatIsCutAnywhereIsAnError(string file)
    {
        var data = ImageVectors.Bytes(file);
        var whole = ImageCodec.Decode(data, file);
        var complete = 0;
        for (var length = 0; length < data.Length; length++)
        {
            try
            {
                // Only where nothing of the image is cut off may it still be read.
                Assert.Equal(whole.Pixels, ImageCodec.Decode(data[..length], file).Pixels);
                complete++;
            }
            catch (ImageException e)
            {
                Assert.Contains(file, e.Message);
            }
        }

        // TGA may end with 26 bytes of identification, TIFF with the offset of the next directory, and text with a line break.
        Assert.InRange(complete, 0, Path.GetExtension(file) switch { ".tga" => 26, ".tif" => 4, ".pbm" => 1, _ => 0 });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void WhatFollowsTheImageIsIgnored(string file)
    {
        var data = ImageVectors.Bytes(file);
        var whole = ImageCodec.Decode(data, file).Pixels;
        foreach (byte[] tail in (byte[][])[new byte[100], [0xFF], [.. "\n<!-- more -->"u8], data])
            Assert.Equal(whole, ImageCodec.Decode([.. data, .. tail], file).Pixels);
    }

    [Fact]
    public void AThumbnailsEndMarkerIsNotThatOfTheImage()
    {
        // A whole JPEG in a segment, as cameras write it.
        var small = ImageVectors.Bytes("ycc420-3x5.jpg");
        var data = ImageVectors.Bytes("ycc420.jpg");
        var length = small.Length + 8;
        byte[] file = [0xFF, 0xD8, 0xFF, 0xE1, (byte)(length >> 8), (byte)length, .. "Exif\0\0"u8, .. small, .. data[2..]];
        Assert.Equal(ImageCodec.Decode(data, "test").Pixels, ImageCodec.Decode(file, "test").Pixels);
        Assert.Contains("truncated", Assert.Throws<ImageException>(() => ImageCodec.Decode(file[..^300], "test")).Message);

        // Nor is one in what follows: a cut image, and then another file.
        Assert.Throws<ImageException>(() => ImageCodec.Decode([.. data[..^300], 0, 0, 0], "test"));
    }

    [Fact]
    public void AJpegWithoutAllItsScansIsAnError()
    {
        var data = ImageVectors.Bytes("ycc420-scans.jpg");
        var last = data.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        var error = Assert.Throws<ImageException>(() => ImageCodec.Decode([.. data[..last], 0xFF, 0xD9], "test"));
        Assert.Contains("not a scan of every component", error.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APngWhoseCompressedDataEndEarlyIsAnError(bool isInterlaced)
    {
        // The chunks are complete; ImageSharp alone leaves the rows black, and never ends on the interlaced file.
        var file = TestPng.Make(8, 8, 0, 8, new byte[60], isInterlaced);
        Assert.Contains("ends before the last row", Assert.Throws<ImageException>(() => ImageCodec.Decode(file, "test")).Message);
    }
}
