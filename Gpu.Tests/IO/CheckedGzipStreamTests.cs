using System.IO.Compression;
using Gpu.Training.IO;

namespace Gpu.Tests.IO;

public class CheckedGzipStreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8191)]
    [InlineData(8192)]
    [InlineData(65_536)]
    [InlineData(300_000)]
    public void ContentIsReadWhole(int length)
    {
        var content = Content(length);
        Assert.Equal(content, Read(Compress(content)));
        Assert.Equal(content, Read([.. Compress(content), .. new byte[1000]]));
        Assert.Equal(content, Read([.. Compress(content), .. new byte[100_000]]));
        Assert.Equal([.. content, .. content], Read([.. Compress(content), .. Compress(content)]));
        Assert.Equal([.. content, 7], Read([.. Compress(content), .. Compress([]), .. Compress([7]), 0]));
    }

    [Fact]
    public void MembersMayEndAnywhereInABuffer()
    {
        // Compressed noise is as long as it is, so that the first member ends at every place around a buffer's end.
        for (var length = 8192 - 40; length < 8192 + 10; length++)
        {
            var content = Content(length);
            Assert.Equal([.. content, 1, 2, 3], Read([.. Compress(content), .. Compress([1, 2, 3])]));
        }
    }

    [Fact]
    public void EveryCutIsNoticed()
    {
        var first = Compress([.. "a text that is long enough to be compressed, a text that is long enough"u8]);
        byte[] file = [.. first, .. Compress([.. "and another member, another member"u8])];
        for (var length = 1; length < file.Length; length++)
        {
            // Between the members, what is left is complete.
            if (length == first.Length)
                Assert.Equal("a text that is long enough to be compressed, a text that is long enough"u8, Read(file[..length]));
            else
                Assert.Throws<InvalidDataException>(() => Read(file[..length]));

            // What a download has not filled yet is often zeros, as are the high bytes of the length at the end.
            if (length < first.Length - 3 || (length > first.Length + 1 && length < file.Length - 3))
                Assert.Throws<InvalidDataException>(() => Read([.. file[..length], .. new byte[100]]));
        }
    }

    [Fact]
    public void EveryChangedByteIsNoticedOrHarmless()
    {
        var content = Content(500);
        var file = Compress(content);
        var harmless = 0;
        for (var i = 0; i < file.Length; i++)
        {
            foreach (var change in new byte[] { 1, 16, 128, 255 })
            {
                var changed = file.ToArray();
                changed[i] ^= change;
                try
                {
                    Assert.Equal(content, Read(changed));
                    harmless++;
                }
                catch (InvalidDataException)
                {
                }
            }
        }

        // The time of the file, its system, and the like are of no importance.
        Assert.InRange(harmless, 1, 4 * 10);
    }

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private static byte[] Compress(byte[] content)
    {
        // GZipStream writes nothing at all for no content.
        if (content.Length == 0)
            return Convert.FromHexString("1F8B08000000000000FF" + "0300" + "00000000" + "00000000");
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(content);
        return stream.ToArray();
    }

    private static byte[] Read(byte[] file)
    {
        using var stream = new CheckedGzipStream(new MemoryStream(file));
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
