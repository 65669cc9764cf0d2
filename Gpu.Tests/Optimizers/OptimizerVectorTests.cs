using System.Text.Json;
using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Optimizers;

/// <summary>Parameters after 1 and 10 steps against PyTorch's, which Vectors/make_optimizer_vectors.py computed.</summary>
public class OptimizerVectorTests
{
    private static readonly JsonSerializerOptions Names = new(JsonSerializerDefaults.Web);
    private static readonly Lazy<VectorFile> Vectors = new(() =>
        JsonSerializer.Deserialize<VectorFile>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "optimizer_vectors.json")), Names)!);

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithPyTorch(string device)
    {
        using var oracle = new Oracle(device, seed: 0);
        var vectors = Vectors.Value;
        Assert.True(vectors.Cases.Length >= 90);
        foreach (var c in vectors.Cases)
        {
            var arena = new ParameterArena();
            var decayed = new SegmentFactors { CoupledDecay = c.Coupled, DecoupledDecay = c.Decoupled, L1Decay = c.L1 };
            for (var s = 0; s < vectors.Lengths.Length; s++)
                arena.Add($"p{s}", vectors.Lengths[s], (s == 0 ? SegmentFactors.Default : decayed) with { LearningRate = vectors.LearningRateFactors[s] });
            using var fixture = new OptimizerFixture(oracle, SettingsOf(c.Rule), arena, vectors.Initial);
            for (var step = 1; step <= vectors.Gradients.Length; step++)
            {
                fixture.Step(vectors.Gradients[step - 1], vectors.LearningRates[step - 1], step, c.Scale, c.Clip);
                if (step == 1) oracle.Compare($"{c.Rule}, PyTorch, 1 step", c.After1, fixture.ReadSegments(fixture.Parameters), 1e-6, shape: c.ToString());
            }

            oracle.Compare($"{c.Rule}, PyTorch, 10 steps", c.After10, fixture.ReadSegments(fixture.Parameters), 2e-6, shape: c.ToString());
        }
    }

    private static OptimizerSettings SettingsOf(string rule) => rule switch
    {
        "sgd" => OptimizerSettings.Sgd(),
        "momentum" => OptimizerSettings.WithMomentum(),
        "nesterov" => OptimizerSettings.Nesterov(),
        "rmsprop" => OptimizerSettings.RmsProp(),
        "rmsprop_momentum" => OptimizerSettings.RmsProp(momentum: 0.9),
        "adam" => OptimizerSettings.Adam(),
        "adamw" => OptimizerSettings.AdamW(),
        _ => throw new InvalidDataException($"the vector file has an unknown rule '{rule}'"),
    };

    private sealed record VectorFile(
        int[] Lengths, float[] LearningRateFactors, float[] LearningRates, float[] Initial, float[][] Gradients, VectorCase[] Cases);

    private sealed record VectorCase(
        string Rule, float Coupled, float Decoupled, float L1, float Clip, float Scale, double[] After1, double[] After10);
}
