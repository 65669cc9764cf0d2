using System.Text.Json;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Trajectories;
using Gpu.Tests.Vectors;
using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Tests.Segmentation;

public class SegmentationTrainingTests
{
    private static readonly Dictionary<string, LossKind> Losses = new()
    {
        ["cross-entropy"] = LossKind.PixelCrossEntropy, ["dice"] = LossKind.Dice, ["focal"] = LossKind.Focal,
        ["cross-entropy+dice"] = LossKind.PixelCrossEntropyDice,
    };

    public static TheoryData<string> Names => [.. Losses.Keys];

    // Ten steps of a U-Net beside those of PyTorch in double precision; see make_segmentation_vectors.py.
    [Theory]
    [MemberData(nameof(Names))]
    public void StepsAgreeWithPyTorch(string loss)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "segmentation_vectors.json")));
        var root = file.RootElement;
        var expected = root.GetProperty("losses").GetProperty(loss);
        var batch = root.GetProperty("batch").GetInt32();
        using var device = new CpuDevice(threads: 2);
        using var network = NetworkOf(SmallMasks.Network(Losses[loss]), device);
        using var steps = new StepRunner(network, batch, new TrainingOptions
        {
            Optimizer = Gpu.Kernels.OptimizerKind.Momentum, Momentum = 0.9, LearningRate = root.GetProperty("rate").GetSingle(), WeightDecay = 0,
        });
        var check = new Comparison($"unet, {loss}", "cpu");
        var gradients = expected.GetProperty("gradients").EnumerateArray().Select(value => value.GetDouble()).ToArray();
        var parameters = network.Model.Parameters.Where(parameter => parameter.Trainable).ToArray();
        for (var step = 0; step < expected.GetProperty("losses").GetArrayLength(); step++)
        {
            var (pixels, labels) = Batch(step, batch);
            steps.SetBatch(pixels, labels);
            steps.ForwardBackward();
            check.Relative("loss", expected.GetProperty("losses")[step].GetDouble(), steps.ReadLoss(), 1e-4, $"in step {step}");
            if (step == 0)
            {
                for (var number = 0; number < parameters.Length; number++)
                {
                    var squares = network.GetGradient(parameters[number].Name).Sum(value => (double)value * value);
                    check.Scaled("gradient", gradients[number], squares, Math.Max(gradients[number], 1e-9), 1e-4, $"of {parameters[number].Name}");
                }
            }

            steps.Update();
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientsAgreeWithFiniteDifferences(string loss)
    {
        const int batch = 2;
        using var device = new CpuDevice(threads: 2);
        using var network = NetworkOf(SmallMasks.Network(Losses[loss], isSmooth: true), device);
        using var steps = new StepRunner(network, batch);
        var (pixels, labels) = Batch(0, batch);
        steps.SetBatch(pixels, labels);
        steps.ForwardBackward();
        var parameters = network.Model.Parameters.Where(parameter => parameter.Trainable).ToArray();
        var gradients = parameters.Select(parameter => network.GetGradient(parameter.Name)).ToArray();
        for (var number = 0; number < parameters.Length; number++)
        {
            // Along the gradient of a parameter the loss grows by its length. A step of 1 % of the parameter's length keeps rounding small.
            var values = network.GetParameter(parameters[number].Name);
            var length = Math.Sqrt(gradients[number].Sum(g => (double)g * g));
            if (length < 1e-5) continue;
            var step = 0.02 * Math.Max(1, Math.Sqrt(values.Sum(v => (double)v * v)));
            double LossAt(double along)
            {
                network.SetParameter(parameters[number].Name, [.. values.Select((v, i) => (float)(v + along * gradients[number][i] / length))]);
                steps.ForwardBackward();
                return steps.ReadLoss();
            }

            // Fourth order: the loss is far from linear over such a step.
            var difference = (8 * (LossAt(step / 2) - LossAt(-step / 2)) - (LossAt(step) - LossAt(-step))) / (6 * step);
            network.SetParameter(parameters[number].Name, values);
            Assert.True(
                Math.Abs(difference - length) <= 0.01 * length + 2e-5,
                $"the gradient of {parameters[number].Name} with {loss} has the length {length:E3}, but the loss grows by {difference:E3}");
        }
    }

    [Fact]
    public void TrainsToGoodMasksWithTheSameBitsForAnyThreads()
    {
        var results = new[] { 1, 2, 5 }.Select(threads =>
        {
            using var device = new CpuDevice(threads);
            using var trainer = new Trainer(SmallMasks.Network(LossKind.PixelCrossEntropyDice), SmallMasks.Squares(), device, Options());
            var result = trainer.Run();
            return (result.Losses, result.TestLoss, result.TestMeanIou, result.TestAccuracy, Train: result.Reports[^1].TrainMeanIou);
        }).ToArray();
        Assert.InRange(results[0].TestMeanIou, 0.8, 1);
        Assert.InRange(results[0].TestAccuracy, results[0].TestMeanIou, 1);
        Assert.InRange(results[0].Train, 0.8, 1);
        foreach (var result in results[1..])
        {
            Assert.Equal(results[0].Losses, result.Losses);
            Assert.Equal((results[0].TestLoss, results[0].TestMeanIou, results[0].Train), (result.TestLoss, result.TestMeanIou, result.Train));
        }
    }

    [Fact]
    public void AResumedRunEqualsAnUninterruptedOne()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 2);
        var data = SmallMasks.Squares();
        var options = Options() with { Epochs = 2 };
        using var whole = new Trainer(SmallMasks.Network(LossKind.PixelCrossEntropy), data, device, options with { OutputFolder = folder.File("whole") });
        var expected = whole.Run();
        using var cancel = new CancellationTokenSource();
        using (var first = new Trainer(
            SmallMasks.Network(LossKind.PixelCrossEntropy), data, device, options with { OutputFolder = folder.File("cut") }, new CancelAt(7, cancel)))
            Assert.Equal(TrainingEnd.Cancelled, first.Run(cancel.Token).End);
        using var second = Trainer.Resume(folder.File("cut"), data, device);
        var resumed = second.Run();
        Assert.Equal(expected.TestLoss, resumed.TestLoss);
        Assert.Equal(expected.TestMeanIou, resumed.TestMeanIou);
        // Counted in the epoch before and after the resume.
        Assert.Equal(expected.Reports[^1].TrainMeanIou, resumed.Reports[^1].TrainMeanIou);
        Assert.Equal(expected.Reports[^1].TrainAccuracy, resumed.Reports[^1].TrainAccuracy);

        // The evaluation of the run, and a prediction, give the same scores.
        using var predictor = Predictor.Open(folder.File("whole"), device);
        var evaluation = predictor.Evaluate(data.Test);
        Assert.Equal(expected.TestMeanIou, evaluation.Pixels!.MeanIou);
        var labels = predictor.PredictMasks(data.Test.Pixels, data.Test.Count);
        var counts = new long[SmallMasks.Classes, SmallMasks.Classes];
        for (var i = 0; i < labels.Length; i++)
            if (data.Test.Masks![i] != ImageSplit.VoidLabel) counts[data.Test.Masks[i], labels[i]]++;
        Assert.Equal(counts, evaluation.Pixels.Counts);
        Assert.Equal(data.Test.Count * SmallMasks.Side * (SmallMasks.Side - 1), evaluation.Pixels.Pixels);
    }

    [Fact]
    public void ScoresFollowFromTheConfusionMatrix()
    {
        var scores = new PixelScores(new long[,] { { 6, 2, 0 }, { 1, 3, 0 }, { 0, 0, 0 } });
        Assert.Equal([6 / 9.0, 3 / 6.0, double.NaN], scores.Iou);
        Assert.Equal((6 / 9.0 + 3 / 6.0) / 2, scores.MeanIou, 1e-12);
        Assert.Equal(9 / 12.0, scores.Accuracy, 1e-12);
        Assert.True(double.IsNaN(new PixelScores(new long[2, 2]).MeanIou));
    }

    [Fact]
    public void ANetworkWithoutMasksIsRefused()
    {
        using var device = new CpuDevice(threads: 1);
        var wrong = BuiltInModels.Create("unet_small", Gpu.Training.Shapes.TensorShape.Image(16, 16, 3), 2);
        Assert.Contains("for each pixel one output per class", Assert.Throws<TrainingException>(
            () => new Trainer(wrong, SmallMasks.Squares(), device, Options())).Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 8", Assert.Throws<ModelException>(
            () => BuiltInModels.Create("unet_small", Gpu.Training.Shapes.TensorShape.Image(20, 16, 3), 2)).Message, StringComparison.Ordinal);
    }

    private static TrainingOptions Options() => new()
    {
        Epochs = 8, Batch = 8, Optimizer = Gpu.Kernels.OptimizerKind.Adam, LearningRate = 0.02f, RecordLosses = true, AugmentFlip = true, AugmentShift = 1,
        ClassWeights = ClassWeighting.Balanced,
    };

    private static Network NetworkOf(Model model, ComputeDevice device)
    {
        var network = new Network(model, device);
        var parameters = model.Parameters.Where(parameter => parameter.Trainable).ToArray();
        for (var number = 0; number < parameters.Length; number++)
        {
            var (parameter, isWeight) = (parameters[number], parameters[number].Shape.Count > 1);
            var center = parameter.Name.EndsWith("gamma", StringComparison.Ordinal) ? 1 : 0;
            network.SetParameter(parameter.Name, HashValues.Uniform($"unet/parameters/{number}", parameter.Length, center, isWeight ? 0.3 : 0.1));
        }

        return network;
    }

    private static (float[] Pixels, int[] Labels) Batch(int step, int batch)
    {
        var count = batch * SmallMasks.Side * SmallMasks.Side;
        var pixels = HashValues.Uniform($"unet/images/{step}", 3 * count, 0, 1);
        var key = HashValues.Key($"unet/labels/{step}");
        var labels = new int[count];
        for (var i = 0; i < count; i++)
        {
            labels[i] = (int)((long)HashValues.Integer(key, i) * (SmallMasks.Classes + 1) >> 24);
            if (labels[i] == SmallMasks.Classes) labels[i] = ImageSplit.VoidLabel;
            else if (pixels[3 * i] > 0.3) labels[i] = 0;
        }

        return (pixels, labels);
    }

    private sealed class CancelAt(int step, CancellationTokenSource cancel) : ITrainingObserver
    {
        public void OnStep(in StepProgress progress)
        {
            if (progress.Step == step) cancel.Cancel();
        }
    }
}
