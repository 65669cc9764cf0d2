using System.Reflection;
using System.Runtime.Loader;
using Gpu.Kernels.Devices;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Tests.Onnx;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.SourceCode;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Gpu.Tests.SourceCode;

/// <summary>Exported C# classes are compiled against Gpu.Kernels alone, and compute what the network computes.</summary>
public class ClassWriterTests
{
    private static readonly ChannelStatistics Gray = new([0.13f], [0.31f]);
    private static readonly ChannelStatistics Color = new([0.48f, 0.45f, 0.4f], [0.22f, 0.23f, 0.24f]);

    public static TheoryData<string> ImageModels => [.. BuiltInModels.Names.Where(name => OnnxSupport.BuiltIn(name) is { Input.IsImage: true } model
        && (model.Recipe.Loss == LossKind.SoftmaxCrossEntropy || TaskModel.IsPixelLoss(model.Recipe.Loss)))];

    [Theory]
    [MemberData(nameof(ImageModels))]
    public void ClassesComputeWhatTheNetworkComputes(string name) => Compare(OnnxSupport.BuiltIn(name));

    [Theory]
    [InlineData("""{ "type": "convolution", "channels": 4, "kernel": 3, "stride": 2, "padding": "same", "dilation": 1, "groups": 2, "activation": "silu" }""")]
    [InlineData("""{ "type": "transposed-convolution", "channels": 3, "kernel": 3, "stride": 2, "activation": "leaky-relu" }""")]
    [InlineData("""{ "type": "average-pooling", "window": 3, "stride": 2, "padding": 1 }, { "type": "activation", "function": "gelu" }""")]
    [InlineData("""{ "type": "batch-normalization" }, { "type": "max-pooling", "window": 2 }, { "type": "upsampling", "factor": 2 }""")]
    [InlineData("""{ "type": "dropout", "probability": 0.5 }""")]
    [InlineData("""{ "type": "convolution", "channels": 4, "kernel": 3, "weightStandardization": true, "activation": "relu" }""")]
    public void OtherLayersAreExported(string layers) => Compare(ModelFile.Parse(
        $$"""{ "input": [12, 10, 2], "layers": [ {{layers}}, { "type": "flatten" }, { "type": "dense", "units": 5 } ] }""", "test"));

    [Theory]
    [InlineData("resnet20")]
    [InlineData("mobilenet_small")]
    // Two normalizations follow max pooling and stay.
    [InlineData("cifar_fast")]
    public void BatchNormalizationsAreFolded(string name)
    {
        var model = OnnxSupport.BuiltIn(name);
        var source = Compare(model, folds: true);
        Assert.Equal(name == "cifar_fast", source.Contains("BatchNorm.", StringComparison.Ordinal));
    }

    [Fact]
    public void StandardizedWeightsAreFoldedToo() => Assert.DoesNotContain("WeightStandardization.", Compare(
        ModelFile.Parse(
            """
            { "input": [12, 10, 2], "layers": [
              { "type": "convolution", "channels": 4, "kernel": 3, "weightStandardization": true }, { "type": "batch-normalization", "activation": "relu" },
              { "type": "flatten" }, { "type": "dense", "units": 5 } ] }
            """,
            "test"),
        folds: true));

    [Fact]
    public void RunIsExportedByTheCommand()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        Assert.Equal(0, CommandLine.Run("train", "--model", "mlp128", "--limit-train", "64", "--limit-test", "32", "--epochs", "1", "--out", run).ExitCode);
        var file = folder.File("my digits.cs");
        var export = CommandLine.Run("export", run, "--format", "csharp", "--out", file);
        Assert.True(export.ExitCode == 0, export.Error);
        var pixels = Enumerable.Range(0, 3 * 784).Select(i => (byte)(i * 37 % 256)).ToArray();
        using var device = new CpuDevice(threads: 1);
        // Without packed weights, as in the class.
        using var predictor = Predictor.Open(run, device, foldBatchNorm: false);
        var expected = predictor.Predict(pixels, 3).Cast<float>().ToArray();
        var type = Compile(File.ReadAllText(file));
        Assert.Equal("MyDigits", type.Name);
        Assert.Equal(expected, Predict(type, device, folder.File("my digits.weights"), pixels, batch: 2));

        // Damaged weights are refused.
        var weights = File.ReadAllBytes(folder.File("my digits.weights"));
        weights[100] ^= 1;
        File.WriteAllBytes(folder.File("my digits.weights"), weights);
        var error = Assert.Throws<TargetInvocationException>(() => Predict(type, device, folder.File("my digits.weights"), pixels, batch: 2));
        Assert.IsType<InvalidDataException>(error.InnerException);
    }

    [Fact]
    public void RunsOnTablesAreRefused()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        Assert.Equal(0, CommandLine.Run("train", "moons", "--epochs", "1", "--out", run).ExitCode);
        var export = CommandLine.Run("export", run, "--format", "csharp");
        Assert.Equal(Gpu.Cli.ExitCode.Usage, export.ExitCode);
        Assert.Contains("takes rows of a table. Use --format onnx", export.Error);
        Assert.Empty(Directory.GetFiles(run, "*.cs"));
    }

    private static string Compare(Model model, bool folds = false)
    {
        using var folder = new TempFolder();
        var weights = OnnxSupport.RandomWeights(model, 3);
        var statistics = model.Input.Channels == 3 ? Color : model.Input.Channels == 1 ? Gray : new ChannelStatistics([0.4f, 0.6f], [0.2f, 0.3f]);
        var names = Enumerable.Range(0, model.Output.Channels).Select(i => $"class \"{i}\" \\ <é>\n").ToArray();
        var path = folder.File("network.cs");
        ClassWriter.Write(model, weights, new ClassWriter.Facts("test & <data>\n", names, statistics), path, folds);

        const int count = 3;
        var pixels = new byte[count * model.Input.Length];
        new Random(5).NextBytes(pixels);
        var pattern = Gpu.Kernels.PixelNormalization.Pattern(statistics.Mean, statistics.StandardDeviation);
        var (channels, period) = (model.Input.Channels, Gpu.Kernels.PixelNormalization.Period(model.Input.Channels));
        var inputs = pixels.Select((pixel, i) => pixel * pattern[i % channels] + pattern[period + i % channels]).ToArray();
        var logits = OnnxSupport.Run(model, weights, inputs);

        var source = File.ReadAllText(path);
        var type = Compile(source);
        Assert.Equal(names, Classes(type));
        var found = Predict(type, OnnxSupport.Device, folder.File("network.weights"), pixels, batch: 2);
        Assert.Equal(logits.Length, found.Length);
        foreach (var (expected, actual) in logits.Chunk(model.Output.Channels).Zip(found.Chunk(model.Output.Channels)))
        {
            var most = expected.Max();
            var sum = expected.Sum(logit => Math.Exp(logit - most));
            for (var i = 0; i < expected.Length; i++) Assert.Equal(Math.Exp(expected[i] - most) / sum, actual[i], 1e-5);
        }

        return source;
    }

    private static string[] Classes(Type type) => ((Func<string[]>)Delegate.CreateDelegate(
        typeof(Func<string[]>), type.GetMethod("get_Classes")!))();

    private static float[] Predict(Type type, ComputeDevice device, string weights, byte[] pixels, int batch)
    {
        using var network = (IDisposable)Activator.CreateInstance(type, device, weights, batch)!;
        return type.GetMethod("Predict")!.CreateDelegate<PredictMethod>(network)(pixels);
    }

    private delegate float[] PredictMethod(ReadOnlySpan<byte> pixels);

    // With the assemblies of .NET and Gpu.Kernels, and warnings as errors.
    private static Type Compile(string source)
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string[] needed = ["System.Private.CoreLib.dll", "System.Runtime.dll", "System.Linq.dll", "System.Memory.dll", "System.Security.Cryptography.dll"];
        var references = needed.Select(name => Path.Combine(runtime, name)).Append(typeof(ComputeDevice).Assembly.Location)
            .Append(typeof(ILGPU.Context).Assembly.Location).Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            Guid.NewGuid().ToString("N"), [CSharpSyntaxTree.ParseText(source)], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, generalDiagnosticOption: ReportDiagnostic.Error));
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Take(5)) + source);
        assembly.Position = 0;
        return AssemblyLoadContext.GetLoadContext(typeof(ClassWriterTests).Assembly)!.LoadFromStream(assembly).GetExportedTypes().Single();
    }
}
