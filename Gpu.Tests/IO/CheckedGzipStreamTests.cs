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
    public void ContentOfAllMembersIsRead(int length)
    {
        var content = Content(length);
        Assert.Equal(content, Read(Gzip.Compress(content)));
        Assert.Equal(content, Read([.. Gzip.Compress(content), .. new byte[1000]]));
        Assert.Equal(content, Read([.. Gzip.Compress(content), .. new byte[100_000]]));
        Assert.Equal([.. content, .. content], Read([.. Gzip.Compress(content), .. Gzip.Compress(content)]));
        Assert.Equal([.. content, 7], Read([.. Gzip.Compress(content), .. Gzip.Compress([]), .. Gzip.Compress([7]), 0]));
    }

    [Fact]
    public void MembersMayEndAnywhereInABuffer()
    {
        // Noise does not shrink when compressed, so the first member ends at every position around the end of a buffer.
        for (var length = 8192 - 40; length < 8192 + 10; length++)
        {
            var content = Content(length);
            Assert.Equal([.. content, 1, 2, 3], Read([.. Gzip.Compress(content), .. Gzip.Compress([1, 2, 3])]));
        }
    }

    [Fact]
    public void EveryTruncationIsAnError()
    {
        var first = Gzip.Compress([.. "a text that is long enough to be compressed, a text that is long enough"u8]);
        byte[] file = [.. first, .. Gzip.Compress([.. "and another member, another member"u8])];
        for (var length = 1; length < file.Length; length++)
        {
            // Cut between the members, the rest is a complete file.
            if (length == first.Length)
                Assert.Equal("a text that is long enough to be compressed, a text that is long enough"u8, Read(file[..length]));
            else
                Assert.Throws<InvalidDataException>(() => Read(file[..length]));

            // An unfinished download often ends in zeros. Cuts in the length field at the end are left out: its high bytes are zeros anyway.
            if (length < first.Length - 3 || (length > first.Length + 1 && length < file.Length - 3))
                Assert.Throws<InvalidDataException>(() => Read([.. file[..length], .. new byte[100]]));
        }
    }

    [Fact]
    public void EveryChangedByteIsAnErrorOrHarmless()
    {
        var content = Content(500);
        var file = Gzip.Compress(content);
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

        // Header fields such as the time stamp and the operating system do not affect the content.
        Assert.InRange(harmless, 1, 4 * 10);
    }

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private static byte[] Read(byte[] file)
    {
        using var stream = new CheckedGzipStream(new MemoryStream(file));
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
