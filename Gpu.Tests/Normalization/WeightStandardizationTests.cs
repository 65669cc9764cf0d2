using System.Text.Json;
using Gpu.Cli.Checks;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Tests.Oracles;
using Gpu.Tests.Runs;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Normalization;

[OracleFor(typeof(StandardizeColumns<,>), typeof(StandardizeColumnsGradient<,>))]
public class WeightStandardizationTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(WeightStandardizationChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(WeightStandardizationChecks), check, device);

    // make_weight_standardization_vectors.py: a convolution with standardized weights in PyTorch, and the gradients of its weights.
    [Fact]
    public void AgreesWithPyTorch()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "Vectors", "weight_standardization_vectors.json");
        foreach (var one in JsonDocument.Parse(File.ReadAllText(file)).RootElement.EnumerateArray())
        {
            float[] Values(string name) => [.. one.GetProperty(name).EnumerateArray().Select(x => x.GetSingle())];
            var (groups, labels) = (one.GetProperty("groups").GetInt32(), one.GetProperty("labels").EnumerateArray().Select(x => x.GetInt32()).ToArray());
            var model = new Model(
                "m", TensorShape.Image(6, 5, 4), new Conv2dLayer(6, 3) { Padding = 1, Groups = groups, WeightStandardization = true },
                new GlobalAvgPool2dLayer());
            using var device = new CpuDevice(threads: 1);
            using var network = new Network(model, device, 1);
            using var runner = new StepRunner(network, labels.Length);
            network.SetParameter("conv1.weight", Values("weight"));
            network.SetParameter("conv1.bias", Values("bias"));
            runner.SetBatch(Values("input"), labels);
            Equal(Values("output"), runner.Evaluate());
            runner.ForwardBackward();
            Assert.Equal(one.GetProperty("loss").GetDouble(), runner.ReadLoss(), 1e-5);
            Equal(Values("weightGradient"), network.GetGradient("conv1.weight"));
            Equal(Values("biasGradient"), network.GetGradient("conv1.bias"));
            // Gradients add up over passes.
            runner.ForwardBackward();
            Equal([.. Values("weightGradient").Select(x => 2 * x)], network.GetGradient("conv1.weight"));
        }

        static void Equal(float[] expected, float[] actual)
        {
            Assert.Equal(expected.Length, actual.Length);
            var largest = expected.Max(Math.Abs);
            for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5 * largest);
        }
    }

    [Fact]
    public void AResumedRunEqualsAnUninterruptedOne()
    {
        using var folder = new TempFolder();
        var options = RunFixture.Options with { WeightStandardization = true, Accumulate = 2 };
        RunFixture.Train(folder.File("whole"), options);
        RunFixture.TrainUntil(folder.File("part"), 7, options);
        RunFixture.Resume(folder.File("part"));
        RunComparison.RequireEqual(folder.File("whole"), folder.File("part"));
        var error = Assert.Throws<TrainingException>(() => RunFixture.Resume(folder.File("whole"), given => given with { WeightStandardization = false }));
        Assert.Matches("weight-standardization +yes +no +cannot change", error.Message);
        Assert.Contains("\"weightStandardization\": true", File.ReadAllText(folder.File("whole", "model.json")));
    }

    [Fact]
    public void TheOptionStandardizesEveryConvolution()
    {
        var model = BuiltInModels.Get("resnet20").WithWeightStandardization();
        var convolutions = model.Nodes.SelectMany(node => node.Flatten()).Select(node => node.Layer).OfType<Conv2dLayer>();
        Assert.All(convolutions, layer => Assert.True(layer.WeightStandardization));
        Assert.Equal(BuiltInModels.Get("resnet20").ParameterCount, model.ParameterCount);
        Assert.Contains("no convolution", Assert.Throws<ModelException>(() => BuiltInModels.Get("mlp128").WithWeightStandardization()).Message);
        var single = Assert.Throws<ModelException>(() => new Model(
            "m", TensorShape.Image(4, 4, 1), new Conv2dLayer(2, 1) { WeightStandardization = true }));
        Assert.Contains("at least two incoming weights", single.Message);
    }

    [Fact]
    public void AnUnwhitenedFirstLayerIsNeeded()
    {
        var options = new TrainingOptions { Whiten = true, WeightStandardization = true };
        var error = Assert.Throws<TrainingException>(() => ResolvedOptions.Resolve(options, BuiltInModels.Get("resnet20").WithWeightStandardization()));
        Assert.Contains("weight-standardization would undo whiten", error.Message);
    }
}
