using System.Net.Sockets;
using System.Text.Json;
using Gpu.Tests.Data;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Tests.Safety;

/// <summary>Readers read regular files only, and no name in a file leads out of its folder.</summary>
public class FileKindTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Readers => [.. ReaderCases.Names];

    [UnixTheory]
    [MemberData(nameof(Readers))]
    public async Task PipesDevicesSocketsFoldersAndEmptyFilesAreErrors(string name)
    {
        using var samples = new TempFolder();
        using var folder = new TempFolder();
        var reader = ReaderCases.Get(name, samples);
        foreach (var (file, content) in reader.Beside) folder.Write(file, content);
        var path = folder.File(reader.FileName);
        Assert.IsType(reader.Documented[0], await Read("an empty file", () => File.WriteAllBytes(path, [])));
        File.Delete(path);
        await Refused("a pipe", () => RegularFileTests.MakePipe(path));
        File.Delete(path);
        await Refused("a link to a device", () => File.CreateSymbolicLink(path, "/dev/zero"));
        File.Delete(path);
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            await Refused("a socket", () => socket.Bind(new UnixDomainSocketEndPoint(path)));
        File.Delete(path);
        await Refused("a folder", () => Directory.CreateDirectory(path));

        async Task Refused(string what, Action make)
        {
            var error = await Read(what, make);
            Assert.True(error is not null && reader.Documented.Contains(error.GetType()), $"{name}: {what}: {error?.ToString() ?? "accepted"}");
        }

        async Task<Exception?> Read(string what, Action make)
        {
            make();
            try
            {
                await Task.Run(() => reader.Read(path)).WaitAsync(Timeout);
                return null;
            }
            catch (TimeoutException)
            {
                return new TimeoutException($"{what} blocks");
            }
            catch (Exception e)
            {
                return e;
            }
        }
    }

    [UnixFact]
    public void LinkedImagesOutsideTheFolderAreSaid()
    {
        using var folder = new TempFolder();
        ImageCodec.SavePng(folder.File("elsewhere.png"), new ByteImage(4, 4, 1));
        foreach (var name in new[] { "a", "b" })
        {
            Directory.CreateDirectory(folder.File("set", name));
            for (var i = 0; i < 3; i++) ImageCodec.SavePng(folder.File("set", name, $"{i}.png"), new ByteImage(4, 4, 1));
        }

        File.CreateSymbolicLink(folder.File("set", "a", "inside.png"), folder.File("set", "a", "0.png"));
        File.CreateSymbolicLink(folder.File("set", "b", "outside.png"), folder.File("elsewhere.png"));
        File.CreateSymbolicLink(folder.File("set", "c"), folder.Path);
        var notes = new List<string>();
        var data = DatasetLoader.Load(folder.File("set"), new DatasetOptions { Note = notes.Add });
        Assert.Equal(["a", "b"], data.ClassNames);
        var note = Assert.Single(notes, note => note.Contains("outside the folder", StringComparison.Ordinal));
        Assert.Contains($"through 1 link: {Path.Combine("b", "outside.png")} to {folder.File("elsewhere.png")}", note);
        Assert.Contains(notes, note => note.Contains("links to folders", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/hostname")]
    [InlineData("..\\x")]
    [InlineData("..")]
    [InlineData("a\u0000b")]
    public void ACatalogNamesPlainFilesOnly(string name)
    {
        using var folder = new TempFolder();
        foreach (var (set, file) in new[] { (name, "f.gz"), ("a", name) })
        {
            var files = new[] { new { name = file, urls = new[] { "https://h/f" } } };
            var json = JsonSerializer.Serialize(new { datasets = new[] { new { name = set, description = "d", classes = new[] { "x" }, files } } });
            File.WriteAllText(folder.File("catalog.json"), json);
            Assert.Contains("no plain file name", Assert.Throws<DatasetException>(() => DatasetCatalog.Read(folder.File("catalog.json"))).Message);
        }
    }

    [Fact]
    public async Task ADamagedLabelDoesNotMakeAMillionClasses()
    {
        using var folder = new TempFolder();
        // IDX of 32-bit labels: 1 and 2^31 - 1, whose number of classes would overflow.
        folder.Write("labels", [0, 0, 0x0C, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF]);
        Assert.Contains("999,999", Assert.Throws<DatasetException>(() => IdxReader.ReadLabels(folder.File("labels"))).Message);
        await ParquetFolderTests.WriteSample(folder.File("train-00000.parquet"), 500_000_000);
        Assert.Contains("999,999", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }
}
