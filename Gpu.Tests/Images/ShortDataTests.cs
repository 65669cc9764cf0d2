using System.Buffers.Binary;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

/// <summary>Files whose structure is complete, but whose compressed data end before the last pixel.</summary>
public class ShortDataTests
{
    [Theory]
    [InlineData("rgb-lzw.tif")]
    [InlineData("rgb-lzw-predictor.tif")]
    [InlineData("cmyk-lzw.tif")]
    [InlineData("gray16-lzw.tif")]
    [InlineData("rgb-deflate.tif")]
    [InlineData("rgb-ado-predictor.tif")]
    [InlineData("rgb-packbits.tif")]
    [InlineData("1-lzw.tif")]
    [InlineData("1-group3.tif")]
    public void ATiffOfMoreRowsThanItsData(string file)
    {
        var data = ImageVectors.Bytes(file);
        var directory = BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(4));
        var rows = 0;
        for (var i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(directory)); i++)
        {
            // The height, and the rows of the strip.
            var entry = data.AsSpan(directory + 2 + (12 * i));
            if (BinaryPrimitives.ReadUInt16LittleEndian(entry) is not (257 or 278))
                continue;
            rows = BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[8..], (ushort)(2 * rows));
        }

        Assert.InRange(rows, 1, 1000);
        Assert.Contains("truncated: the data of strip 0", Fail(data));
    }

    [Theory]
    [InlineData("palette-plain.gif")]
    [InlineData("gray.gif")]
    [InlineData("long-codes.gif")]
    public void AGifOfMoreRowsThanItsData(string file)
    {
        var data = ImageVectors.Bytes(file);
        var (height, width, _) = ImageVectors.Expected(file);
        var frame = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x2C, 0, 0, 0, 0, (byte)width, (byte)(width >> 8), (byte)height, (byte)(height >> 8)]);
        Assert.InRange(frame, 0, data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(8), (ushort)(height + 1));
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(frame + 7), (ushort)(height + 1));
        Assert.Contains($"its data make {width * height} pixels, but the image has {width * (height + 1)}", Fail(data));
    }

    [Theory]
    [InlineData("lossy.webp")]
    [InlineData("lossless.webp")]
    public void HalfAWebp(string file)
    {
        // The image chunk comes first; the sizes in front of it are those of the half.
        var data = ImageVectors.Bytes(file);
        var size = BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(16));
        var half = (size * 3 / 4) & ~1;
        var cut = data[..(20 + half)];
        BinaryPrimitives.WriteInt32LittleEndian(cut.AsSpan(16), half);
        BinaryPrimitives.WriteInt32LittleEndian(cut.AsSpan(4), cut.Length - 8);
        Assert.Contains("truncated", Fail(cut));
    }

    [Theory]
    [InlineData("ycc444.jpg")]
    [InlineData("ycc420.jpg")]
    [InlineData("ycc420-restart.jpg")]
    [InlineData("ycc420-scans.jpg")]
    [InlineData("gray.jpg")]
    [InlineData("cmyk.jpg")]
    [InlineData("ycc420-progressive.jpg")]
    [InlineData("ycc422-progressive.jpg")]
    [InlineData("ycc444-progressive.jpg")]
    [InlineData("cmyk-progressive.jpg")]
    public void HalfAScanOfAJpegAndItsEnd(string file)
    {
        var data = ImageVectors.Bytes(file);
        var scan = data.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        var codes = scan + 2 + data[scan + 3];
        var half = codes + ((data.Length - codes) / 2);
        while (data[half - 1] == 0xFF)
            half--;
        Assert.Contains("a scan ends before its last block", Fail([.. data[..half], 0xFF, 0xD9]));
    }

    // Each scan of a progressive file by itself; in most of them, the second half has codes.
    [Theory]
    [InlineData("ycc420-progressive.jpg")]
    [InlineData("ycc444-progressive.jpg")]
    [InlineData("cmyk-progressive.jpg")]
    public void HalfOfAnyScanOfAProgressiveJpeg(string file)
    {
        var data = ImageVectors.Bytes(file);
        var (scans, refused) = (0, 0);
        for (var at = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]); at >= 0; scans++)
        {
            var codes = at + 2 + data[at + 3];
            var end = codes;
            while (data[end] != 0xFF || data[end + 1] == 0)
                end++;
            var half = codes + ((end - codes) / 2);
            while (data[half - 1] == 0xFF)
                half--;
            try
            {
                ImageCodec.Decode([.. data[..half], .. data[end..]], "test");
            }
            catch (ImageException e)
            {
                Assert.Contains("a scan ends before its last block", e.Message);
                refused++;
            }

            var next = data.AsSpan(end).IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
            at = next < 0 ? -1 : end + next;
        }

        Assert.InRange(scans, 6, 20);
        Assert.Equal(scans, refused);
    }

    private static string Fail(byte[] data) => Assert.Throws<ImageException>(() => ImageCodec.Decode(data, "test")).Message;
}
