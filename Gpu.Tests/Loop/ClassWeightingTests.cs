using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

public class ClassWeightingTests
{
    [Fact]
    public void BalancedWeightsAreInverseFrequencies()
    {
        // 6 of class 0, 3 of class 1, none of class 2, 3 of class 3; and an output without a class.
        var data = Data([0, 0, 0, 0, 0, 0, 1, 1, 1, 3, 3, 3], ["a", "b", "c", "d"]);
        Assert.Equal([12f / 18, 12f / 9, 1, 12f / 9, 1], ClassWeighting.Balanced.Resolve(data, 5));
    }

    [Fact]
    public void WeightsByNameMustMatchTheClasses()
    {
        var data = Data([0, 1], ["a", "b"]);
        var weights = new ClassWeighting { ByName = new Dictionary<string, float> { ["b"] = 2, ["a"] = 0.5f } };
        Assert.Equal([0.5f, 2], weights.Resolve(data, 2));
        var wrong = new ClassWeighting { ByName = new Dictionary<string, float> { ["b"] = 2, ["c"] = 0.5f } };
        var message = Assert.Throws<TrainingException>(() => wrong.Resolve(data, 2)).Message;
        Assert.Contains("no weight for a", message);
        Assert.Contains("no class for the weight of c", message);
    }

    [Theory]
    [InlineData("[1, 2]", "not an object")]
    [InlineData("{\"a\": -1}", "'a' is -1")]
    [InlineData("{\"a\": 1e300}", "'a' is 1e300")]
    [InlineData("{\"a\": \"x\"}", "'a' is \"x\"")]
    [InlineData("{\"a\": 1, \"a\": 2}", "two weights for 'a'")]
    [InlineData("{", "Expected a JSON object")]
    [InlineData("", "empty")]
    public void InvalidFilesAreExplained(string json, string expected)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("w.json"), json);
        var message = Assert.Throws<TrainingException>(() => ClassWeighting.Load(folder.File("w.json"))).Message;
        Assert.Contains(expected, message);
        Assert.Contains("w.json", message);
    }

    // Of one pixel that says nothing, the network can only learn the frequencies of the classes: 90 % without weights, one half with them.
    [Fact]
    public void TrainingLearnsTheWeightedFrequencies()
    {
        int[] labels = [.. Enumerable.Range(0, 400).Select(i => i % 10 == 0 ? 1 : 0)];
        var data = Data(labels, ["often", "rare"]);
        Assert.Equal(0.9, ProbabilityOfTheFirst(null), 0.005);
        Assert.Equal(0.5, ProbabilityOfTheFirst(ClassWeighting.Balanced), 0.005);
        Assert.Equal(0.75, ProbabilityOfTheFirst(new ClassWeighting { ByName = new Dictionary<string, float> { ["often"] = 1, ["rare"] = 3 } }), 0.005);

        double ProbabilityOfTheFirst(ClassWeighting? weights)
        {
            using var folder = new TempFolder();
            using var device = new CpuDevice(threads: 1);
            var model = new Model("m", TensorShape.Image(1, 1, 1), new FlattenLayer(), new DenseLayer(2));
            var options = new TrainingOptions { Epochs = 200, Batch = 400, LearningRate = 0.05f, ClassWeights = weights, OutputFolder = folder.File("run") };
            using (var trainer = new Trainer(model, data, device, options)) trainer.Run();
            Assert.Equal(weights is null, RunFolder.Open(folder.File("run")).Configuration.Options.ClassWeights is null);
            using var predictor = Predictor.Open(folder.File("run"), device, 1);
            return predictor.Predict([0], 1)[0, 0];
        }
    }

    [Fact]
    public void AResumedRunKeepsTheWeights()
    {
        var options = new TrainingOptions { Epochs = 4, Batch = 16, LearningRate = 0.01f, ClassWeights = ClassWeighting.Balanced };
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        var data = SmallData.Squares();
        using (var trainer = new Trainer(SmallData.Network(), data, device, options with { OutputFolder = folder.File("whole") })) trainer.Run();
        using (var trainer = new Trainer(SmallData.Network(), data, device, options with { Steps = 13, OutputFolder = folder.File("cut") })) trainer.Run();
        using (var trainer = Trainer.Resume(folder.File("cut"), data, device, basis => basis with { Steps = null })) trainer.Run();
        Assert.Equal(Weights("whole"), Weights("cut"));

        byte[] Weights(string run) => File.ReadAllBytes(Path.Combine(folder.File(run), "last.safetensors"));
    }

    private static ImageDataset Data(int[] labels, string[] names)
    {
        var split = new ImageSplit(new byte[labels.Length], labels, 1, 1, 1);
        return new ImageDataset("data", names, split, split);
    }
}
