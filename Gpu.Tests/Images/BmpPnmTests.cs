using System.Buffers.Binary;
using System.Text;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class BmpPnmTests
{
    [Theory]
    [InlineData(8, false)]
    [InlineData(8, true)]
    [InlineData(24, false)]
    [InlineData(24, true)]
    [InlineData(32, false)]
    [InlineData(32, true)]
    public void BitmapsAreRead(int bits, bool topDown)
    {
        var (file, expected) = MakeBmp(bits, topDown);
        var image = BmpDecoder.Decode(file, "test");
        Assert.Equal((3, 5, 3), (image.Height, image.Width, image.Channels));
        Assert.Equal(expected, image.Pixels);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(24)]
    public void EveryTruncationOfABitmapIsNoticed(int bits)
    {
        var (file, _) = MakeBmp(bits, topDown: false);
        for (var length = 2; length < file.Length; length++)
            Assert.Contains("test.bmp", Assert.Throws<ImageException>(() => BmpDecoder.Decode(file[..length], "test.bmp")).Message);
    }

    [Theory]
    [InlineData(30, 1, "compression 1")]
    [InlineData(28, 4, "4 bits")]
    [InlineData(14, 12, "header of 12 bytes")]
    [InlineData(18, 0, "0 x 3 pixels")]
    [InlineData(18, 0x7FFFFFFF, "2147483647 x 3")]
    [InlineData(22, int.MinValue, "5 x 2147483648")]
    public void BadBitmapHeaders(int position, int value, string expected)
    {
        var (file, _) = MakeBmp(24, topDown: false);
        if (position == 28)
            file[28] = (byte)value;
        else
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(position), value);
        Assert.Contains(expected, Assert.Throws<ImageException>(() => BmpDecoder.Decode(file, "test")).Message);
    }

    [Theory]
    [InlineData("P1 3 2\n1 0 1\n010", 1, "00FF00FF00FF")]
    [InlineData("P1\n# a comment\n3 # another\n2\n101010", 1, "00FF00FF00FF")]
    [InlineData("P2 2 2 100 0 50 100 1", 1, "0080FF03")]
    [InlineData("P3\n1 2\n255\n1 2 3\n254 255 0\n", 3, "010203FEFF00")]
    public void TextualMapsAreRead(string file, int channels, string expected)
    {
        var image = PnmDecoder.Decode(Encoding.ASCII.GetBytes(file), "test");
        Assert.Equal(channels, image.Channels);
        Assert.Equal(expected, Convert.ToHexString(image.Pixels));
    }

    [Theory]
    [InlineData("P4 10 2\n", "AA40FFC0", 1, "00FF00FF00FF00FFFF0000000000000000000000")]
    [InlineData("P5 2 1 255\n", "0A0B", 1, "0A0B")]
    [InlineData("P5 2 1 65535\n", "8000FFFF", 1, "80FF")]
    [InlineData("P5 2 1 15\n", "0F08", 1, "FF88")]
    [InlineData("P6 1 2 255 ", "0A0B0C0D0E0F", 3, "0A0B0C0D0E0F")]
    public void BinaryMapsAreRead(string header, string values, int channels, string expected)
    {
        byte[] file = [.. Encoding.ASCII.GetBytes(header), .. Convert.FromHexString(values)];
        var image = PnmDecoder.Decode(file, "test");
        Assert.Equal(channels, image.Channels);
        Assert.Equal(expected, Convert.ToHexString(image.Pixels));
        for (var length = 2; length < file.Length; length++)
            Assert.Throws<ImageException>(() => PnmDecoder.Decode(file[..length], "test"));
    }

    [Theory]
    [InlineData("P2 2 1 100 1 101", "value 1 is 101")]
    [InlineData("P2 2 1 0 1 1", "largest value is 0")]
    [InlineData("P2 2 1 65536 1 1", "largest value is 65536")]
    [InlineData("P2 2 x 255 1 1", "number (height) was expected, but 0x78")]
    [InlineData("P2 99999999999 1 255 1", "width is larger")]
    [InlineData("P2 50000 50000 255 1", "at most")]
    [InlineData("P2 5000 5000 255 1", "truncated")]
    [InlineData("P5 5000 5000 255 1", "truncated")]
    [InlineData("P2 0 1 255 1", "0 x 1 pixels")]
    [InlineData("P1 2 1 1 2", "a bit (0 or 1)")]
    public void BadMaps(string file, string expected)
    {
        var error = Assert.Throws<ImageException>(() => PnmDecoder.Decode(Encoding.ASCII.GetBytes(file), "test.pgm"));
        Assert.Contains(expected, error.Message);
        Assert.Contains("test.pgm", error.Message);
    }

    private static (byte[] File, byte[] Expected) MakeBmp(int bits, bool topDown)
    {
        const int Width = 5;
        const int Height = 3;
        var random = new Random(bits);
        var expected = new byte[Width * Height * 3];
        random.NextBytes(expected);
        var palette = bits == 8 ? Width * Height : 0;
        var rowBytes = ((Width * bits / 8) + 3) / 4 * 4;
        var file = new byte[54 + (4 * palette) + (rowBytes * Height)];
        "BM"u8.CopyTo(file);
        void Put(int position, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(position), value);
        Put(10, 54 + (4 * palette));
        Put(14, 40);
        Put(18, Width);
        Put(22, topDown ? -Height : Height);
        file[26] = 1;
        file[28] = (byte)bits;
        Put(46, palette);
        for (var i = 0; i < Width * Height; i++)
        {
            var row = topDown ? i / Width : Height - 1 - (i / Width);
            var at = 54 + (4 * palette) + (row * rowBytes) + (i % Width * bits / 8);
            if (bits == 8)
            {
                file[at] = (byte)i;
                at = 54 + (4 * i);
            }

            (file[at], file[at + 1], file[at + 2]) = (expected[(3 * i) + 2], expected[(3 * i) + 1], expected[3 * i]);
        }

        return (file, expected);
    }
}
