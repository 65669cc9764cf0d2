using Gpu.Training.IO;

namespace Gpu.Tests.IO;

/// <summary>The files of compiled kernels.</summary>
public class CompiledKernelFilesTests
{
    private static readonly string Key = new('a', 64);

    [Fact]
    public void KeptCodeIsFoundByAnotherInstance()
    {
        using var folder = new TempFolder();
        Assert.Null(new CompiledKernelFiles(folder.Path).Find(Key));
        new CompiledKernelFiles(folder.Path).Add(Key, [1, 2, 3]);
        Assert.Equal([1, 2, 3], new CompiledKernelFiles(folder.Path).Find(Key)!);
        Assert.Null(new CompiledKernelFiles(folder.Path).Find(new string('b', 64)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(18)]
    public void DamagedFileIsMissing(int position)
    {
        using var folder = new TempFolder();
        var files = new CompiledKernelFiles(folder.Path);
        files.Add(Key, [1, 2, 3]);
        var path = Directory.GetFiles(folder.Path).Single();
        var bytes = File.ReadAllBytes(path);
        bytes[position] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Null(files.Find(Key));
        File.WriteAllBytes(path, bytes[..position]);
        Assert.Null(files.Find(Key));
    }

    [Fact]
    public void OldestFilesAreDeletedAboveTheLimit()
    {
        using var folder = new TempFolder();
        var names = "abcdef".Select(letter => new string(letter, 64)).ToArray();
        for (var i = 0; i < names.Length - 1; i++)
        {
            new CompiledKernelFiles(folder.Path).Add(names[i], new byte[1000]);
            File.SetLastWriteTimeUtc(Directory.GetFiles(folder.Path, names[i] + "*").Single(), DateTime.UtcNow.AddDays(i - 10));
        }

        // A kernel that is used becomes the youngest.
        Assert.NotNull(new CompiledKernelFiles(folder.Path).Find(names[0]));
        new CompiledKernelFiles(folder.Path, maxBytes: 2100).Add(names[^1], new byte[1000]);
        var left = new CompiledKernelFiles(folder.Path);
        Assert.Equal([true, false, false, false, true, true], names.Select(name => left.Find(name) is not null));
    }

    [Fact]
    public void FolderThatCannotBeWrittenIsIgnored()
    {
        using var folder = new TempFolder();
        var file = folder.File("file");
        File.WriteAllText(file, "");
        var files = new CompiledKernelFiles(Path.Combine(file, "kernels"));
        files.Add(Key, [1]);
        Assert.Null(files.Find(Key));
    }
}
