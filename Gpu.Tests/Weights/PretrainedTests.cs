using System.IO.Compression;
using System.Security.Cryptography;
using Gpu.Kernels.Devices;
using Gpu.Tests.Cli;
using Gpu.Tests.Data;
using Gpu.Tests.IO;
using Gpu.Tests.Onnx;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;
using Gpu.Training.Weights;

namespace Gpu.Tests.Weights;

public class PretrainedTests
{
    [Fact]
    public void WeightsAreDownloadedConvertedAndTrainedWithTheirNormalization()
    {
        using var folder = new TempFolder();
        var model = BuiltInModels.Get("lenet_bn32");
        var weights = OnnxSupport.RandomWeights(model, 1);
        var archive = Zip(OnnxExporter.Write(model, weights, new OnnxOptions()));
        using var server = new DatasetDownloaderTests.Server((_, _) => new DatasetDownloaderTests.Answer(archive));
        var catalog = folder.File("models.json");
        var hash = Convert.ToHexStringLower(SHA256.HashData(archive));
        File.WriteAllText(catalog, $$"""
            { "models": [ { "name": "lenet-test", "description": "a test", "model": "lenet_bn32", "classes": [], "licence": "free", "source": "here",
              "files": [ { "name": "a.nupkg", "urls": ["{{server.Url}}a.nupkg"], "bytes": {{archive.Length}}, "sha256": "{{hash}}" } ],
              "archiveEntry": "tools/net.onnx", "channelOrder": "BGR", "pixelScale": 255, "mean": [0.1, 0.2, 0.3], "deviation": [0.5, 0.25, 0.125] } ] }
            """);
        var get = CommandLine.Run("model", "get", "lenet-test", "--catalog", catalog, "--to", folder.File("to"), "--json");
        Assert.Equal(0, get.ExitCode);
        var file = get.Json.GetProperty("file").GetString()!;
        Assert.Equal([file], Directory.GetFiles(folder.File("to", "lenet-test")));
        Assert.Contains("Did you mean 'lenet-test'", CommandLine.Run("model", "get", "lenet-tst", "--catalog", catalog).Error);

        // What goes in: bytes minus mean, blue first, there; RGB, normalized, here.
        var converted = WeightFile.ReadAll(model, file);
        var pixels = new byte[2 * model.Input.Length];
        new Random(1).NextBytes(pixels);
        float[] mean = [0.1f, 0.2f, 0.3f], deviation = [0.5f, 0.25f, 0.125f];
        var theirs = pixels.Select((_, i) => pixels[i / 3 * 3 + 2 - i % 3] - 255 * mean[2 - i % 3]).ToArray();
        var ours = pixels.Select((pixel, i) => (pixel / 255f - mean[i % 3]) / deviation[i % 3]).ToArray();
        OnnxSupport.AssertClose(OnnxSupport.Run(model, weights, theirs), OnnxSupport.Run(model, converted, ours), 1e-4);

        // A run takes the normalization over, also when it is resumed.
        var run = folder.File("run");
        var data = new ImageDataset("noise", ["a", "b"], Noise(8, 1), Noise(4, 2));
        var options = new TrainingOptions { Epochs = 1, Batch = 4, InitFile = file, OutputFolder = run };
        using var device = new CpuDevice(1);
        var small = BuiltInModels.Create("lenet_bn32", model.Input, 2);
        using (var trainer = new Trainer(small, data, device, options)) trainer.Run();
        Assert.Equal(mean, RunFolder.Open(run).Configuration.Normalization.Mean);
        using (var resumed = Trainer.Resume(run, data, device, basis => basis with { Epochs = 2 })) resumed.Run();
        Assert.Equal(deviation, RunFolder.Open(run).Configuration.Normalization.StandardDeviation);

        using var network = new Network(small, device, 1);
        var messages = WeightTransfer.Load(network, file, WeightLayout.Native);
        const string told = "Pixels are normalized as those weights need it: mean [0.1, 0.2, 0.3]";
        Assert.Contains(messages, message => message.StartsWith(told, StringComparison.Ordinal));
    }

    [Fact]
    public void AnArchitectureThatDiffersIsRefused()
    {
        var other = BuiltInModels.Create("cnn2", TensorShape.Image(32, 32, 3), 10);
        var imported = new OnnxModel(other, OnnxSupport.RandomWeights(other, 1), new Dictionary<string, string>(), []);
        Assert.Contains("2 layers of the kind ConvolutionLayer, but 'lenet_bn32' has 4",
            Assert.Throws<OnnxException>(() => PretrainedCatalog.Map(imported, BuiltInModels.Get("lenet_bn32"))).Message);
        Assert.Contains("resnet18-imagenet", CommandLine.Run("train", "--init", "resnet19-imagenet").Error);
    }

    [Fact]
    public void TheShippedCatalogIsComplete()
    {
        Assert.NotEmpty(PretrainedCatalog.Entries);
        foreach (var entry in PretrainedCatalog.Entries)
        {
            Assert.Contains(entry.Model, BuiltInModels.Names);
            Assert.NotNull(entry.Download.Licence);
            Assert.All(entry.Download.Files, file => Assert.True(file.Bytes > 0 && Convert.FromHexString(file.Sha256!).Length == 32));
        }
    }

    [ResNet18Fact]
    public void ResNet18HasTheFeaturesOfOnnxRuntime()
    {
        using var folder = new TempFolder();
        var entry = PretrainedCatalog.Find("resnet18-imagenet")!;
        var file = folder.File("weights.safetensors");
        PretrainedCatalog.Convert(entry, ResNet18FactAttribute.Package, file);
        // Without the dense layer, which the file does not have.
        var full = BuiltInModels.Get(entry.Model);
        var model = new Model("features", full.Input, [.. full.Layers.SkipLast(1)]);
        var weights = WeightFile.ReadAll(model, file);
        var pixels = new byte[model.Input.Length];
        // Smooth shapes, as photos have.
        for (var i = 0; i < pixels.Length; i++)
        {
            var (position, channel) = Math.DivRem(i, 3);
            var (y, x) = Math.DivRem(position, 224);
            pixels[i] = (byte)(128 + 100 * Math.Sin(x / (9.0 + channel) + channel) * Math.Cos(y / (17.0 - channel)));
        }

        var (mean, deviation) = (entry.Normalization.Mean, entry.Normalization.StandardDeviation);
        var ours = pixels.Select((pixel, i) => (pixel / 255f - mean[i % 3]) / deviation[i % 3]).ToArray();
        var theirs = pixels.Select((_, i) => pixels[i / 3 * 3 + 2 - i % 3] - 255 * mean[2 - i % 3]).ToArray();
        using var zip = ZipFile.OpenRead(ResNet18FactAttribute.Package);
        using var onnx = new MemoryStream();
        using (var stream = zip.GetEntry(entry.ArchiveEntry)!.Open()) stream.CopyTo(onnx);
        OnnxSupport.AssertClose(OnnxSupport.RunOnnx(onnx.ToArray(), model, theirs), OnnxSupport.Run(model, weights, ours), 1e-4);
    }

    private static ImageSplit Noise(int count, int seed)
    {
        var pixels = new byte[count * 32 * 32 * 3];
        new Random(seed).NextBytes(pixels);
        return new ImageSplit(pixels, [.. Enumerable.Range(0, count).Select(i => i % 2)], 32, 32, 3);
    }

    private static byte[] Zip(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var stream = zip.CreateEntry("tools/net.onnx").Open();
            stream.Write(content);
        }

        return memory.ToArray();
    }

    private sealed class ResNet18FactAttribute : FactAttribute
    {
        public ResNet18FactAttribute()
        {
            if (!File.Exists(Package)) Skip = $"needs the package Microsoft.ML.DnnImageFeaturizer.ResNet18 0.23.1 in the NuGet cache ({Package})";
        }

        public static string Package
        {
            get
            {
                var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                    ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
                const string name = "microsoft.ml.dnnimagefeaturizer.resnet18";
                return Path.Combine(cache, name, "0.23.1", $"{name}.0.23.1.nupkg");
            }
        }
    }
}
