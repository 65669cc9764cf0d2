using System.Text.Json;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

/// <summary>Parameters after 20 steps of a small network against PyTorch's, which Vectors/make_decay_vectors.py computed.</summary>
public class DecayVectorTests
{
    private static readonly JsonSerializerOptions Names = new(JsonSerializerDefaults.Web);
    private static readonly Lazy<VectorFile> Vectors = new(() =>
        JsonSerializer.Deserialize<VectorFile>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "decay_vectors.json")), Names)!);

    [Theory]
    [InlineData("sgd", 15)]
    [InlineData("momentum", 15)]
    [InlineData("nesterov", 5)]
    [InlineData("rmsprop", 5)]
    [InlineData("adam", 15)]
    [InlineData("adamw", 5)]
    public void AgreesWithPyTorch(string rule, int count)
    {
        var vectors = Vectors.Value;
        var cases = vectors.Cases.Where(c => c.Rule == rule).ToArray();
        Assert.Equal(count, cases.Length);
        using var device = new CpuDevice(threads: 1);
        foreach (var c in cases)
        {
            using var network = Run(device, vectors, c);
            foreach (var (name, expected) in c.After)
            {
                var got = network.GetParameter(name);
                var scale = expected.Max(Math.Abs);
                for (var i = 0; i < got.Length; i++)
                {
                    var error = Math.Abs(got[i] - expected[i]) / scale;
                    var what = $"{c with { After = null! }}: {name}[{i}]";
                    Assert.True(error <= 1e-5, $"{what} is {got[i]:R}, PyTorch has {expected[i]:R}, relative error {error:E1}");
                    // The soft threshold gives exact zeros where PyTorch has them.
                    if (c.L1 == "proximal") Assert.Equal(expected[i] == 0, got[i] == 0);
                }
            }
        }
    }

    [Fact]
    public void ProximalL1HasExactZerosAndTheSubgradientHasNone()
    {
        int Zeros(string l1) => Vectors.Value.Cases.Where(c => c.L1 == l1).Sum(c => c.After.Values.Sum(values => values.Count(value => value == 0)));
        Assert.True(Zeros("proximal") > 0);
        Assert.Equal(0, Zeros("subgradient"));
    }

    // For plain SGD decoupled decay is L2 decay; with Adam it is not.
    [Theory]
    [InlineData("sgd", true)]
    [InlineData("momentum", false)]
    [InlineData("adam", false)]
    public void L2AndDecoupledDecayAgreeForPlainSgdOnly(string rule, bool agree)
    {
        var vectors = Vectors.Value;
        using var device = new CpuDevice(threads: 1);
        var weights = new[] { "l2", "decoupled" }.Select(mode =>
        {
            using var network = Run(device, vectors, new VectorCase(rule, mode, "weights", null, null, null, null, null, false, null!));
            return network.GetParameter("dense1.weight");
        }).ToArray();
        var difference = weights[0].Zip(weights[1], (a, b) => Math.Abs(a - b)).Max();
        Assert.True(agree ? difference < 1e-6 : difference > 1e-3, $"{rule}: the largest difference is {difference}");
    }

    private static Network Run(ComputeDevice device, VectorFile vectors, VectorCase c)
    {
        var decay = c.Decay ?? vectors.Decay;
        var recipe = new TrainingRecipe
        {
            Loss = c.Loss == "half-mse" ? LossKind.HalfMeanSquaredError : LossKind.MeanSquaredError,
            Optimizer = OptimizerOptions.DefaultsFor(Enum.Parse<OptimizerKind>(c.Rule, ignoreCase: true)) with
            {
                LearningRate = vectors.LearningRate,
                // The vectors have PyTorch's default.
                Momentum = c.Rule is "momentum" or "nesterov" ? 0.9 : 0,
                WeightDecay = c.Mode == "none" ? 0 : decay,
                DecayMode = c.Mode == "decoupled" ? DecayMode.Decoupled : DecayMode.L2,
                DecayOn = c.On == "all" ? DecayTarget.All : DecayTarget.Weights,
                DecayConvention = c.Convention == "full" ? DecayConvention.Full : DecayConvention.Half,
                DecaySchedule = Enum.Parse<DecaySchedule>(c.Schedule ?? "rate", ignoreCase: true),
                CautiousDecay = c.Cautious,
                L1 = c.L1 is null ? 0 : vectors.L1,
                L1Mode = c.L1 == "proximal" ? L1Mode.Proximal : L1Mode.Subgradient,
                MaxNorm = c.MaxNorm ?? 0,
            },
        };
        var model = new Model(
            "vectors", TensorShape.Features(vectors.Inputs), recipe,
            new DenseLayer(vectors.Hidden) { Activation = new Activation(ActivationKind.Tanh) }, new DenseLayer(vectors.Outputs));
        var network = new Network(model, device, seed: 1);
        foreach (var (name, values) in vectors.Initial) network.SetParameter(name, values);
        using var runner = new StepRunner(network, vectors.Batch);
        runner.SetBatch(vectors.X, vectors.Target);
        for (var step = 0; step < vectors.Steps; step++)
        {
            runner.LearningRate = vectors.LearningRate * (1 - step / 32f);
            runner.Step();
        }

        return network;
    }

    private sealed record VectorFile(
        int Steps, float LearningRate, float Decay, float L1, int Inputs, int Hidden, int Outputs, int Batch, Dictionary<string, float[]> Initial, float[] X,
        float[] Target, VectorCase[] Cases);

    private sealed record VectorCase(
        string Rule, string Mode, string? On, string? L1, float? MaxNorm, string? Convention, string? Schedule, string? Loss, bool Cautious,
        Dictionary<string, double[]> After, float? Decay = null);
}
