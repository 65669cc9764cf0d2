using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Runs;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

/// <summary>Weight decay and its neighbours in whole runs: reported penalty, decay by layer, constraints, resume.</summary>
public class DecayRunTests
{
    private static readonly TrainingOptions Options = new() { Steps = 12, Batch = 25, Optimizer = OptimizerKind.Sgd, LearningRate = 0.05f };

    [Fact]
    public void ThePenaltyIsThatOfTheFormula()
    {
        // Weights alone, with one layer of its own decay.
        Check(Options with { WeightDecay = 0.1f }, PenaltyKind.Loss, (name, w) => 0.05 * w * w);
        Check(Options with { WeightDecay = 0.1f, DecayConvention = DecayConvention.Full }, PenaltyKind.Loss, (name, w) => 0.1 * w * w);
        Check(Options with { L1 = 0.1f }, PenaltyKind.Loss, (name, w) => 0.1 * Math.Abs(w));
        Check(Options with { L1 = 0.1f, L1Mode = L1Mode.Proximal }, PenaltyKind.Loss, (name, w) => 0.1 * Math.Abs(w));
        Check(Options with { L1 = 0.1f, WeightDecay = 0.2f }, PenaltyKind.Loss, (name, w) => 0.1 * w * w + 0.1 * Math.Abs(w));
        var decoupled = Options with { WeightDecay = 0.01f, DecayMode = DecayMode.Decoupled };
        Check(decoupled, PenaltyKind.SgdEquivalent, (name, w) => 0.005 * w * w);
        // A decay of 0.01 in each step is that of 0.01 / rate times the rate.
        Check(decoupled with { DecaySchedule = DecaySchedule.Constant }, PenaltyKind.SgdEquivalent, (name, w) => 0.005 / 0.05 * w * w);
        Check(decoupled with { DecaySchedule = DecaySchedule.Schedule }, PenaltyKind.SgdEquivalent, (name, w) => 0.005 / 0.05 * w * w);
        Check(decoupled with { CautiousDecay = true }, PenaltyKind.None, (name, w) => 0);
        Check(Options with { DecayFor = [new("dense1", 0.3f)] }, PenaltyKind.Loss, (name, w) => name == "dense1.weight" ? 0.15 * w * w : 0);
        Check(Options, PenaltyKind.None, (name, w) => 0);
    }

    [Fact]
    public void DecayOfALayerAndPatternsComeBeforeThatOfTheRun()
    {
        float[] Weights(float? layer, float run, params DecayOverride[] patterns) => Train(
            Options with { Steps = 4, WeightDecay = run, DecayFor = patterns }, Network(layer)).Weights["dense1.weight"];
        Assert.Equal(Weights(null, 0, new DecayOverride("dense1", 0.3f)), Weights(0.3f, 0));
        Assert.Equal(Weights(null, 0.3f), Weights(0.3f, 0.3f));
        Assert.NotEqual(Weights(null, 0.3f), Weights(0, 0.3f));
        Assert.Equal(Weights(0.7f, 0), Weights(0.3f, 0, new DecayOverride("dense1.weight", 0.1f), new DecayOverride("dense1", 0.7f)));
        var error = Assert.Throws<TrainingException>(() => Train(Options with { DecayFor = [new("dense1.bias", 1)] }, Network(null)));
        Assert.Contains("matches only dense1.bias", error.Message);
    }

    [Fact]
    public void RulesOfABlockApplyToItsLayers()
    {
        var inner = new DenseLayer(4) { WeightDecay = 0.5f };
        var model = new Model(
            "m", TensorShape.Features(4), new SequenceBlock(inner, new DenseLayer(4)) { WeightDecay = 0.25f, LearningRateScale = 0.5f, L1 = 0.1f, MaxNorm = 2 },
            new DenseLayer(2) { MaxNorm = 0 });
        var rules = ParameterRules.For(model, new OptimizerOptions { WeightDecay = 1, MaxNorm = 3 }, [], ParameterSelection.For(model, [], [])).Rules;
        var (first, second, last) = (rules["sequence1.dense1.weight"], rules["sequence1.dense2.weight"], rules["dense1.weight"]);
        Assert.Equal(new SegmentFactors { CoupledDecay = 0.5f, L1Decay = 0.1f, LearningRate = 0.5f }, first.Factors);
        Assert.Equal(0.25f, second.Factors.CoupledDecay);
        Assert.Equal(new NormConstraint(4, 4, 2, 0), second.Constraint);
        Assert.Equal(new SegmentFactors { CoupledDecay = 1 }, last.Factors);
        Assert.Null(last.Constraint);
        Assert.Equal(new SegmentFactors { LearningRate = 0.5f }, rules["sequence1.dense1.bias"].Factors);
    }

    [Theory]
    [InlineData("""{ "type": "flatten", "weightDecay": 0.1 }""", "weightDecay has no effect, because the layer has no parameters")]
    [InlineData("""{ "type": "dense", "units": 3, "weightDecay": -1 }""", "weightDecay is -1, but must be 0 to 3.4e38")]
    [InlineData("""{ "type": "dense", "units": 3, "learningRateScale": 0 }""", "learningRateScale is 0, but must be above 0")]
    [InlineData("""{ "type": "batch-normalization", "maxNorm": 1 }""", "maxNorm has no effect, because only dense and convolution layers have it")]
    public void PropertiesOfLayersWithoutEffectAreRefused(string layer, string message)
    {
        var json = $$"""{ "name": "m", "input": [4], "layers": [{{layer}}, { "type": "dense", "units": 2 }] }""";
        Assert.Contains(message, Assert.Throws<ModelException>(() => ModelFile.Parse(json)).Message);
    }

    [Fact]
    public void DecayOfALayerWithoutDecayingParametersIsRefused()
    {
        var model = new Model(
            "m", TensorShape.Image(8, 8, 1), new FlattenLayer(), new DenseLayer(4), new BatchNormLayer { WeightDecay = 0.1f }, new DenseLayer(4));
        Assert.Contains("Use decay-on all", Assert.Throws<TrainingException>(() => Train(Options, model)).Message);
        Train(Options with { Steps = 1, DecayOn = DecayTarget.All }, model);
    }

    [Fact]
    public void LargestNormsHoldAtTheEndOfARun()
    {
        var (_, weights) = Train(Options with { MaxNorm = 0.3f, LearningRate = 0.5f }, SmallData.Network());
        foreach (var (name, columns) in new[] { ("conv1.weight", 6), ("dense1.weight", 12), ("dense2.weight", 4) })
        {
            var norms = Enumerable.Range(0, columns).Select(c => Math.Sqrt(weights[name].Where((_, i) => i % columns == c).Sum(w => (double)w * w)));
            Assert.InRange(norms.Max(), 0.2, 0.3 * (1 + 1e-6));
        }

        // 40 steps of power iteration leave the largest singular value near the limit.
        var (_, spectral) = Train(Options with { SpectralNorm = 0.5f, Steps = 40 }, SmallData.Network());
        Assert.InRange(LargestSingularValue(spectral["dense2.weight"], 12, 4), 0.3, 0.52);
    }

    [Fact]
    public void AResumedRunWithConstraintsEqualsAnUninterruptedOne()
    {
        using var folder = new TempFolder();
        var options = RunFixture.Options with { SpectralNorm = 0.8f, MaxNorm = 0.7f, L1 = 0.01f, L1Mode = L1Mode.Proximal };
        var (whole, parts) = (folder.File("whole"), folder.File("parts"));
        RunFixture.Train(whole, options);
        RunFixture.TrainUntil(parts, step: 11, options);
        RunFixture.Resume(parts);
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "last.safetensors")), File.ReadAllBytes(Path.Combine(parts, "last.safetensors")));
        var error = Assert.Throws<TrainingException>(() => RunFixture.Resume(whole, o => o with { MaxNorm = 0.9f }));
        Assert.Matches("max-norm +0.7 +0.9 +may change with --override", error.Message);
    }

    [Fact]
    public void MetricsOfAnOlderVersionGetTheNewColumns()
    {
        const string older = "epoch,step,learning_rate,train_loss,train_accuracy,evaluated_on,loss,accuracy,top_k,top_k_accuracy,is_best,train_seconds,"
            + "evaluation_seconds,samples_per_second,rmse,r2";
        const string line = "1,8,0.01,1.25,0.5,test,1,0.5,5,1,1,0.1,0.1,100,NaN,NaN";
        var lines = RunWriter.WithColumns([older, line]).ToArray();
        Assert.StartsWith(older + ",mean_iou,train_mean_iou,penalty,", lines[0]);
        Assert.Equal(line + new string(',', lines[0].Count(letter => letter == ',') - older.Count(letter => letter == ',')), lines[1]);
        Assert.Equal(lines, RunWriter.WithColumns(lines));
    }

    private static Model Network(float? decay) => new(
        "small", TensorShape.Image(8, 8, 1), new FlattenLayer(), new DenseLayer(6) { WeightDecay = decay, Activation = Activation.Relu }, new DenseLayer(4));

    private static void Check(TrainingOptions options, PenaltyKind kind, Func<string, double, double> penalty)
    {
        var (result, weights) = Train(options, Network(null));
        var expected = weights.Where(w => w.Key.EndsWith("weight", StringComparison.Ordinal)).Sum(w => w.Value.Sum(x => penalty(w.Key, x)));
        Assert.Equal(kind, result.Penalty.Kind);
        Assert.Equal(expected, result.Penalty.Value, 1e-5 * Math.Max(1, expected));
        Assert.Equal(result.TrainLoss + result.Penalty.Value, result.TotalLoss);
        var zeros = weights.Where(w => w.Key.EndsWith("weight", StringComparison.Ordinal)).SelectMany(w => w.Value).ToArray();
        Assert.Equal((double)zeros.Count(w => w == 0) / zeros.Length, result.Penalty.ZeroShare, 1e-12);
    }

    private static (TrainingResult Result, Dictionary<string, float[]> Weights) Train(TrainingOptions options, Model model)
    {
        using var device = new CpuDevice(threads: 1);
        using var trainer = new Trainer(model, SmallData.Squares(), device, options);
        var result = trainer.Run();
        return (result, model.Parameters.ToDictionary(parameter => parameter.Name, parameter => trainer.Network.GetParameter(parameter.Name)));
    }

    private static double LargestSingularValue(float[] weights, int rows, int columns)
    {
        var u = Enumerable.Range(1, rows).Select(i => Math.Sin(i)).ToArray();
        for (var i = 0; i < 500; i++)
        {
            var v = Enumerable.Range(0, columns).Select(c => Enumerable.Range(0, rows).Sum(r => weights[r * columns + c] * u[r])).ToArray();
            u = [.. Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, columns).Sum(c => weights[r * columns + c] * v[c]))];
            var norm = Math.Sqrt(u.Sum(x => x * x));
            if (i == 499) return Math.Sqrt(norm);
            u = [.. u.Select(x => x / norm)];
        }

        return 0;
    }
}
