using Gpu.Training.IO;

namespace Gpu.Tests.IO;

public class AtomicFileTests
{
    [Fact]
    public void WritesAndReplaces()
    {
        using var folder = new TempFolder();
        var path = folder.File("new", "deep", "file.txt");
        AtomicFile.WriteAllText(path, "first");
        AtomicFile.WriteAllText(path, "Größe 2");
        Assert.Equal("Größe 2", File.ReadAllText(path));
        Assert.Equal((byte)'G', File.ReadAllBytes(path)[0]); // No byte-order mark.
        Assert.Single(Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void FailureKeepsTheOldFileAndLeavesNoTemporaryFile()
    {
        using var folder = new TempFolder();
        var path = folder.Write("file.bin", [1, 2, 3]);
        var error = Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(9);
            throw new InvalidOperationException("half-way");
        }));
        Assert.Equal("half-way", error.Message);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void NothingAppearsBeforeTheContentIsComplete()
    {
        using var folder = new TempFolder();
        var path = folder.File("file.bin");
        AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            stream.Flush();
            Assert.False(File.Exists(path));
        });
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void AFolderOfTheSameNameIsAnError()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("taken"));
        var error = Assert.Throws<IOException>(() => AtomicFile.WriteAllBytes(folder.File("taken"), [1]));
        Assert.Contains("a folder of that name exists", error.Message);
    }

    [Fact]
    public async Task ConcurrentWritersDoNotMixTheirContent()
    {
        using var folder = new TempFolder();
        var path = folder.File("file.bin");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => AtomicFile.WriteAllBytes(path, Enumerable.Repeat((byte)i, 5000).ToArray()))));
        var content = File.ReadAllBytes(path);
        Assert.Equal(5000, content.Length);
        Assert.Single(content.Distinct());
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }
}
