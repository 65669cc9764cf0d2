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
    public void ReasonsNameTheFileAndNotItsTemporaryName()
    {
        using var folder = new TempFolder();
        var path = folder.File("file.bin");
        var full = Assert.Throws<IOException>(() => AtomicFile.Write(path, _ => throw new IOException($"No space left on device : '{path}.x.tmp'")));
        Assert.Equal($"Cannot write the file '{path}': no space left on device.", full.Message);
        var denied = Assert.Throws<UnauthorizedAccessException>(() => AtomicFile.Write(path, _ => throw new UnauthorizedAccessException("Access to 'x'")));
        Assert.Equal($"Cannot write the file '{path}': access is denied.", denied.Message);
    }

    [Fact]
    public void DevicesAreNotReplaced()
    {
        if (OperatingSystem.IsWindows()) return;
        // The name of no device: if this failed, a file would be made.
        var error = Assert.Throws<IOException>(() => AtomicFile.WriteAllText("/dev/gputrainer-test", "text"));
        Assert.Contains("it is a device", error.Message);
        Assert.False(File.Exists("/dev/gputrainer-test"));
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
    public void LeftoversOfDeadWritersAreRemoved()
    {
        using var folder = new TempFolder();
        var path = folder.File("file.bin");
        // The name of an older version, and one of this version; both were killed an hour ago.
        foreach (var name in new[] { ".file.bin.1-1.tmp", ".file.bin.0123456789abcdef0123456789abcdef.tmp" })
            File.SetLastWriteTimeUtc(folder.Write(name, [1]), DateTime.UtcNow.AddHours(-1));
        // A young one may belong to a living writer; one of another file is not ours.
        var young = folder.Write(".file.bin.2-1.tmp", [1]);
        var other = folder.Write(".other.bin.1-1.tmp", [1]);
        File.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddHours(-1));
        AtomicFile.WriteAllBytes(path, [2]);
        Assert.Equal(new[] { path, young, other }.Order(), Directory.GetFiles(folder.Path).Order());
        // In a folder that is locked, there is no other writer.
        AtomicFile.RemoveLeftovers(folder.Path, "file.bin", TimeSpan.Zero);
        Assert.Equal(new[] { path, other }.Order(), Directory.GetFiles(folder.Path).Order());
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
