using Gpu.Tests.IO;
using Gpu.Training.Data;

namespace Gpu.Tests.Data;

public class IdxTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void WrittenFilesRoundTrip(int channels, bool gzip)
    {
        using var folder = new TempFolder();
        var split = Sample(7, 5, 4, channels);
        IdxWriter.WriteImages(folder.File("images"), split, gzip);
        IdxWriter.WriteLabels(folder.File("labels"), split, gzip);
        var read = IdxReader.ReadSplit(folder.File("images"), folder.File("labels"));
        Assert.Equal((7, 5, 4, channels), (read.Count, read.Height, read.Width, read.Channels));
        Assert.Equal(split.Pixels, read.Pixels);
        Assert.Equal(split.Labels, read.Labels);
        Assert.Equal(gzip, File.ReadAllBytes(folder.File("images"))[0] == 0x1F);
    }

    [Fact]
    public void WrittenBytesFollowTheFormat()
    {
        using var folder = new TempFolder();
        IdxWriter.WriteImages(folder.File("images"), new ImageSplit([1, 2, 3, 4, 5, 6], [0], 2, 3, 1));
        Assert.Equal(Convert.FromHexString("00000803" + "00000001" + "00000002" + "00000003" + "010203040506"), File.ReadAllBytes(folder.File("images")));
        IdxWriter.WriteLabels(folder.File("labels"), new ImageSplit([9, 9], [1, 200], 1, 1, 1));
        Assert.Equal(Convert.FromHexString("00000801" + "00000002" + "01C8"), File.ReadAllBytes(folder.File("labels")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryTruncationIsAnError(bool gzip)
    {
        using var folder = new TempFolder();
        var whole = Images("00000803000000020000000300000004", 24, gzip);
        for (var length = 0; length < whole.Length; length++)
        {
            var path = folder.Write("images", whole[..length]);
            var error = Assert.Throws<DatasetException>(() => IdxReader.ReadImages(path));
            Assert.Contains(path, error.Message);
        }
    }

    [Fact]
    public void TruncationSaysHowManyBytesAreMissing()
    {
        using var folder = new TempFolder();
        var path = folder.Write("images", Images("00000803000000020000000300000004", 20, gzip: false));
        var error = Assert.Throws<DatasetException>(() => IdxReader.ReadImages(path));
        Assert.Contains("truncated", error.Message);
        Assert.Contains("need 40 bytes", error.Message);
        Assert.Contains("only 36 were found", error.Message);
        path = folder.Write("images.gz", Images("00000803000000020000000300000004", 20, gzip: true));
        Assert.Contains("only 36 were found after decompression", Assert.Throws<DatasetException>(() => IdxReader.ReadImages(path)).Message);
    }

    [Theory]
    [InlineData("00000803000000020000000300000004", 25, "too long", "1 more bytes follow")]
    [InlineData("00000903000000020000000300000004", 24, "type 0x09", "signed byte")]
    [InlineData("00000801000000020000000300000004", 24, "1 dimensions", "swapped")]
    [InlineData("00000805000000020000000300000004", 24, "5 dimensions", "0x00000803 or 0x00000804")]
    [InlineData("3C21444F435459504520000000000000", 24, "not an IDX file", "0x3C21444F")]
    [InlineData("00000803000000000000001C0000001C", 0, "has no images", "0x28x28")]
    [InlineData("00000803000000020000000000000004", 0, "has no images", "2x0x4")]
    [InlineData("00000803FFFFFFFFFFFFFFFFFFFFFFFF", 24, "4294967295x4294967295x4294967295", "79228162458924105385300197375")]
    [InlineData("000008037FFFFFFF0000000100000001", 24, "2147483647x1x1", "at most")]
    [InlineData("00000803400000000000000100000001", 24, "truncated", "need 1073741840 bytes")]
    public void InvalidImageFilesAreErrors(string header, int values, string expected, string also)
    {
        using var folder = new TempFolder();
        var path = folder.Write("images", Images(header, values, gzip: false));
        var error = Assert.Throws<DatasetException>(() => IdxReader.ReadImages(path));
        Assert.Contains(path, error.Message);
        Assert.Contains(expected, error.Message);
        Assert.Contains(also, error.Message);
    }

    [Fact]
    public void AHeaderLargerThanGzipCanHoldAllocatesNothing()
    {
        using var folder = new TempFolder();
        var path = folder.Write("images", Images("00000803700000000000000100000001", 24, gzip: true));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<DatasetException>(() => IdxReader.ReadImages(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Contains("header is damaged", error.Message);
    }

    [Fact]
    public void AGzipBombIsReadOnlyUpToTheSizeInTheHeader()
    {
        using var folder = new TempFolder();
        var path = folder.Write("images", Images("00000803000000020000000300000004", 50_000_000, gzip: true));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<DatasetException>(() => IdxReader.ReadImages(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Contains("more bytes follow", error.Message);
    }

    [Fact]
    public void SeveralGzipMembersAndTrailingZerosAreAccepted()
    {
        using var folder = new TempFolder();
        var content = Images("00000803000000020000000300000004", 24, gzip: false);
        var whole = IdxReader.ReadImages(folder.Write("plain", content)).Pixels;
        byte[] members = [.. Gzip.Compress(content[..10]), .. Gzip.Compress(content[10..30]), .. Gzip.Compress(content[30..])];
        Assert.Equal(whole, IdxReader.ReadImages(folder.Write("images.gz", members)).Pixels);
        Assert.Equal(whole, IdxReader.ReadImages(folder.Write("images.gz", [.. members, .. new byte[512]])).Pixels);
        for (var length = 0; length < members.Length; length++)
            Assert.Throws<DatasetException>(() => IdxReader.ReadImages(folder.Write("images.gz", members[..length])));
    }

    [Fact]
    public void AWrongGzipChecksumIsAnError()
    {
        using var folder = new TempFolder();
        var whole = Images("00000803000000020000000300000004", 24, gzip: true);
        whole[^7] ^= 1; // In the checksum.
        var path = folder.Write("images", whole);
        Assert.Contains("damaged", Assert.Throws<DatasetException>(() => IdxReader.ReadImages(path)).Message);
    }

    [Fact]
    public void MissingFilesAndFoldersAreErrors()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<DatasetException>(() => IdxReader.ReadImages(folder.File("none"))).Message);
        Assert.Contains("does not exist", Assert.Throws<DatasetException>(() => IdxReader.ReadLabels(folder.File("none", "none"))).Message);
        Assert.Contains("is a folder", Assert.Throws<DatasetException>(() => IdxReader.ReadLabels(folder.Path)).Message);
    }

    [Fact]
    public void CountsAndLabelsAreChecked()
    {
        using var folder = new TempFolder();
        var images = folder.Write("images", Images("00000803000000020000000300000004", 24, gzip: false));
        var three = folder.Write("three", Convert.FromHexString("0000080100000003" + "000102"));
        var error = Assert.Throws<DatasetException>(() => IdxReader.ReadSplit(images, three));
        Assert.Contains("2 images", error.Message);
        Assert.Contains("3 labels", error.Message);
        Assert.Contains(three, error.Message);

        var two = folder.Write("two", Convert.FromHexString("0000080100000002" + "010A"));
        error = Assert.Throws<DatasetException>(() => IdxReader.ReadSplit(images, two, classes: 10));
        Assert.Contains("Label 1", error.Message);
        Assert.Contains("is 10", error.Message);
        Assert.Equal([1, 10], IdxReader.ReadSplit(images, two, classes: 11).Labels);

        var none = folder.Write("none", Convert.FromHexString("0000080100000000"));
        Assert.Contains("no labels", Assert.Throws<DatasetException>(() => IdxReader.ReadLabels(none)).Message);
    }

    [Fact]
    public void ALabelThatDoesNotFitAByteIsNotWritten()
    {
        using var folder = new TempFolder();
        var error = Assert.Throws<DatasetException>(() => IdxWriter.WriteLabels(folder.File("labels"), new ImageSplit([0, 0], [255, 256], 1, 1, 1)));
        Assert.Contains("Label 1 is 256", error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    internal static ImageSplit Sample(int count, int height, int width, int channels, int classes = 10)
    {
        var random = new Random(count + channels);
        var pixels = new byte[count * height * width * channels];
        random.NextBytes(pixels);
        return new ImageSplit(pixels, [.. Enumerable.Range(0, count).Select(i => i % classes)], height, width, channels);
    }

    private static byte[] Images(string header, int values, bool gzip)
    {
        var content = new byte[16 + values];
        Convert.FromHexString(header).CopyTo(content, 0);
        for (var i = 0; i < Math.Min(values, 1000); i++)
            content[16 + i] = (byte)(i * 37);
        return gzip ? Gzip.Compress(content) : content;
    }

}
