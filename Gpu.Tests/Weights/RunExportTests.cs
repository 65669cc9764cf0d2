using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gpu.Kernels.Devices;
using Gpu.Tests.Cli;
using Gpu.Tests.Compilation;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Tests.Onnx;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Tests.Weights;

public class RunExportTests
{
    private const string Python = "/usr/bin/python3";

    [Fact]
    public void EveryFormatIsWrittenAndReadBack()
    {
        using var folder = new TempFolder();
        var run = TrainSmall(folder);
        var weights = RunExport.ReadWeights(RunFolder.Open(run));

        // ONNX, and imported again: the same predictions.
        var onnx = CommandLine.Run("export", run, "--json");
        Assert.Equal((0, Path.Combine(run, "small.onnx")), (onnx.ExitCode, onnx.Json.GetProperty("file").GetString()));
        var imported = folder.File("imported");
        var import = CommandLine.Run("import", Path.Combine(run, "small.onnx"), "--out", imported, "--json");
        Assert.True(import.ExitCode == 0, import.Error);
        Assert.Equal(4, import.Json.GetProperty("outputs").GetInt32());
        var pixels = SmallData.Squares().Test.Pixels[..(5 * 64)];
        using (var device = new CpuDevice(1))
        using (var first = Predictor.Open(run, device))
        using (var second = Predictor.Open(imported, device))
        {
            Assert.Equal(first.Configuration.ClassNames, second.Configuration.ClassNames);
            var (expected, actual) = (first.Predict(pixels, 5), second.Predict(pixels, 5));
            OnnxSupport.AssertClose([.. expected.Cast<float>()], [.. actual.Cast<float>()]);
        }

        // A graph that normalizes takes bytes.
        var bytes = folder.File("bytes.onnx");
        Assert.Equal(0, CommandLine.Run("export", run, "--out", bytes, "--with-preprocessing", "bytes", "--probabilities", "--fold-batch-norm").ExitCode);
        var model = SmallData.Network();
        var probabilities = OnnxSupport.RunOnnx(File.ReadAllBytes(bytes), model, [.. pixels.Select(pixel => (float)pixel)], value => (byte)value);
        using (var device = new CpuDevice(1))
        using (var predictor = Predictor.Open(run, device))
            OnnxSupport.AssertClose([.. predictor.Predict(pixels, 5).Cast<float>()], probabilities);

        Assert.Equal(0, CommandLine.Run("export", run, "--format", "safetensors").ExitCode);
        Assert.Equal(weights["dense1.weight"], WeightFile.ReadAll(model, Path.Combine(run, "small.safetensors"))["dense1.weight"]);
        var statistics = WeightMetadata.Normalization(Path.Combine(run, "small.safetensors"));
        Assert.Equal(SmallData.Squares().Statistics.Mean, statistics!.Mean);

        Assert.Equal(0, CommandLine.Run("export", run, "--format", "json").ExitCode);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "small.weights.json")));
        var values = json.RootElement.GetProperty("weights").GetProperty("dense2.bias").GetProperty("values").EnumerateArray().Select(x => x.GetSingle());
        Assert.Equal(weights["dense2.bias"], values);
        Assert.Equal(ModelFile.Write(model), ModelFile.Write(ModelFile.Parse(json.RootElement.GetProperty("model").GetRawText())));

        Assert.Contains("--fold-batch-norm changes the graph", CommandLine.Run("export", run, "--format", "json", "--fold-batch-norm").Error);
        Assert.Contains("already contains a run", CommandLine.Run("import", bytes, "--out", imported).Error);
    }

    public static TheoryData<string> BuiltIns => new(BuiltInModels.Names);

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void TorchNamesAreReadBackUnchanged(string name)
    {
        var model = OnnxSupport.BuiltIn(name);
        var weights = OnnxSupport.RandomWeights(model, 1);
        using var folder = new TempFolder();
        var writer = new SafeTensorsWriter();
        TorchLayout.Write(model, weights, writer);
        writer.Write(folder.File("torch.safetensors"));
        using var network = new Network(model, OnnxSupport.Device, 2);
        WeightTransfer.Load(network, folder.File("torch.safetensors"), WeightLayout.Torch);
        foreach (var parameter in model.Parameters) Assert.Equal(weights[parameter.Name], network.GetParameter(parameter.Name));
    }

    [Fact]
    public void ResNet18HasTorchvisionsNames()
    {
        var model = BuiltInModels.Get("resnet18");
        var names = model.Nodes.SelectMany(node => node.Flatten()).Where(node => node.Parameters.Count > 0)
            .Select(node => TorchNames.Of(model, node)).ToArray();
        Assert.Equal(["conv1", "bn1", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2", "layer1.0.bn2"], names[..6]);
        Assert.Contains("layer4.0.downsample.1", names);
        Assert.Equal("fc", names[^1]);
    }

    [TorchFact]
    public void PyTorchLoadsTheWeightsAndHasTheSameOutputs()
    {
        using var folder = new TempFolder();
        var run = RunFolder.Open(TrainSmall(folder));
        RunExport.Write(run, ExportFormat.TorchNames, folder.File("torch.safetensors"));
        var inputs = OnnxSupport.Inputs(3 * 64, 1);
        folder.Write("inputs.f32", MemoryMarshal.AsBytes<float>(inputs).ToArray());
        var script = Path.Combine(SourceTree.Root!, "Gpu.Tests", "Weights", "torch_state_dict.py");
        var start = new ProcessStartInfo(Python, [script, folder.File("torch.safetensors"), folder.File("inputs.f32")]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(60_000));
        OnnxSupport.AssertClose(OnnxSupport.Run(run.Model, RunExport.ReadWeights(run), inputs), JsonSerializer.Deserialize<float[]>(output)!);
    }

    private static string TrainSmall(TempFolder folder)
    {
        var run = folder.File("run");
        using var device = new CpuDevice(1);
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, new TrainingOptions { Epochs = 1, OutputFolder = run });
        trainer.Run();
        return run;
    }

    private sealed class TorchFactAttribute : FactAttribute
    {
        public TorchFactAttribute()
        {
            if (SourceTree.Root is null) Skip = "needs the source tree";
            else if (!File.Exists(Python) || !Directory.Exists("/usr/lib/python3/dist-packages/torch"))
                Skip = $"needs {Python} with PyTorch, as Debian's python3-torch installs it";
        }
    }
}
