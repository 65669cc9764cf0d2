using System.Diagnostics;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.Weights;

namespace Gpu.Tests.IO;

public class RegularFileTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [UnixFact]
    public async Task APipeIsAnErrorInsteadOfAnEndlessWait()
    {
        using var folder = new TempFolder();
        MakePipe(folder.File("x.png"));
        Assert.Contains("pipe or a device", await Fails<ImageException>(() => ImageCodec.Load(folder.File("x.png"))));
        MakePipe(folder.File("train-images"));
        Assert.Contains("pipe or a device", await Fails<DatasetException>(() => IdxReader.ReadImages(folder.File("train-images"))));

        // The same for pipes in folders: as images, as IDX files and as the list of class names.
        Directory.CreateDirectory(folder.File("set", "a"));
        Directory.CreateDirectory(folder.File("set", "b"));
        ImageCodec.SavePng(folder.File("set", "a", "1.png"), new ByteImage(2, 2, 1));
        MakePipe(folder.File("set", "b", "2.png"));
        Assert.Contains(folder.File("set", "b", "2.png"), await Fails<DatasetException>(() => DatasetLoader.Load(folder.File("set"))));
        foreach (var name in new[] { "train-labels", "test-images", "test-labels" })
            folder.Write(name, [0]);
        Assert.Contains("pipe or a device", await Fails<DatasetException>(() => DatasetLoader.Load(folder.Path)));
        MakePipe(folder.File("classes.txt"));
        Assert.Contains("classes.txt", await Fails<DatasetException>(() => DatasetLoader.Load(folder.Path)));
    }

    [UnixFact]
    public async Task ADeviceIsAnError()
    {
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File("endless.png"), "/dev/zero");
        Assert.Contains("pipe or a device", await Fails<ImageException>(() => ImageCodec.Load(folder.File("endless.png"))));
        Assert.Contains("pipe or a device", await Fails<ImageException>(() => ImageCodec.Load("/dev/zero")));
    }

    [UnixFact]
    public void LinksToFilesAreRead()
    {
        using var folder = new TempFolder();
        ImageCodec.SavePng(folder.File("a.png"), new ByteImage(2, 3, 1));
        File.CreateSymbolicLink(folder.File("b.png"), "a.png");
        File.CreateSymbolicLink(folder.File("c.png"), folder.File("b.png"));
        Assert.Equal(3, ImageCodec.Load(folder.File("c.png")).Width);
        File.Delete(folder.File("a.png"));
        Assert.Contains("does not exist", Assert.Throws<ImageException>(() => ImageCodec.Load(folder.File("c.png"))).Message);
    }

    // Both have the length 0.
    [UnixFact]
    public async Task AnEmptyFileAndAPipeAreToldApart()
    {
        using var folder = new TempFolder();
        foreach (var (name, open) in new (string, Action<string>)[]
            {
                ("x.png", path => ImageCodec.Load(path)), ("x.csv", path => TableFile.Load(path, new TableOptions())), ("x.json", path => ModelFile.Load(path)),
                ("x.onnx", path => OnnxImporter.Read(path)), ("x.safetensors", path => new SafeTensorsReader(path).Dispose()),
                ("weights.json", path => ClassWeighting.Load(path)), ("catalog.json", path => DatasetCatalog.Read(path)),
                ("train-labels", path => IdxReader.ReadLabels(path)),
            })
        {
            var path = folder.Write(name, []);
            var empty = (await Assert.ThrowsAnyAsync<Exception>(() => Task.Run(() => open(path)).WaitAsync(Timeout))).Message;
            Assert.Contains("empty", empty);
            Assert.DoesNotContain("pipe", empty);
            File.Delete(path);
            MakePipe(path);
            var pipe = (await Assert.ThrowsAnyAsync<Exception>(() => Task.Run(() => open(path)).WaitAsync(Timeout))).Message;
            Assert.Contains("it is not a regular file, but a pipe or a device", pipe);
            Assert.DoesNotContain("empty", pipe);
        }
    }

    internal static void MakePipe(string path)
    {
        using var process = Process.Start("mkfifo", [path]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task<string> Fails<T>(Action action)
        where T : Exception => (await Assert.ThrowsAsync<T>(() => Task.Run(action).WaitAsync(Timeout))).Message;
}
