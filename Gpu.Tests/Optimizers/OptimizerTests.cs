using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Optimizers;

[OracleFor(typeof(OptimizerUpdate<,,,>))]
public class OptimizerTests
{
    private static readonly OptimizerSettings[] Rules =
    [
        OptimizerSettings.Sgd(), OptimizerSettings.WithMomentum(), OptimizerSettings.Nesterov(0.8), OptimizerSettings.RmsProp(),
        OptimizerSettings.RmsProp(0.9, 1e-3, 0.7), OptimizerSettings.Adam(), OptimizerSettings.AdamW(0.8, 0.95, 1e-6), OptimizerSettings.Lion(),
        OptimizerSettings.Sgd() with { CautiousDecay = true }, OptimizerSettings.AdamW() with { CautiousDecay = true },
    ];

    private static readonly SegmentFactors[] Decays =
    [
        SegmentFactors.Default,
        new() { CoupledDecay = 0.05f },
        new() { DecoupledDecay = 0.1f, ConstantDecay = 0.002f, LearningRate = 0.25f },
        new() { L1Decay = 0.02f },
        new() { CoupledDecay = 0.01f, DecoupledDecay = 0.03f, L1Decay = 0.01f, LearningRate = 2f },
    ];

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 11);
        foreach (var rule in Rules)
        {
            foreach (var (clip, scale, ema) in new[] { (0f, 1f, false), (1.5f, 0.5f, true) })
            {
                var settings = rule with { EmaDecay = ema ? 0.9 : null };
                // Every kind of decay, lengths around the vector width, and one segment of several blocks.
                var lengths = new[] { 1, 15, 17, oracle.Next(1, 50), SegmentTable.BlockLength + 5 };
                var arena = new ParameterArena();
                for (var s = 0; s < lengths.Length; s++) arena.Add($"p{s}", lengths[s], Decays[s]);
                Compare(oracle, settings, arena, clip, scale, $"{settings.Kind} clip {clip}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AdamIsAccurateAtLargeStepNumbers(string device)
    {
        using var oracle = new Oracle(device, seed: 12);
        foreach (var step in new[] { 2, 700, 5_000, 1_000_000, int.MaxValue })
        {
            var arena = new ParameterArena();
            arena.Add("p", 33);
            var initial = oracle.Uniform(33);
            var gradients = oracle.Uniform(33);
            using var fixture = new OptimizerFixture(oracle, OptimizerSettings.Adam(), arena, initial);
            fixture.Step(gradients, 0.01f, step);
            var reference = new OptimizerReference(fixture.Settings, [.. initial.Select(x => (double)x)]);
            for (var i = 0; i < 33; i++) reference.Step(i, gradients[i], 0.01f, step, SegmentFactors.Default);
            oracle.Compare("Adam at large step numbers", reference.Parameters, fixture.ReadSegments(fixture.Parameters), 1e-6, shape: $"step {step}");
        }
    }

    [Fact]
    public void BiasCorrectionIsAccurateAtEveryStep()
    {
        foreach (var beta in new[] { 0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.999999 })
        {
            foreach (var step in new[] { 1, 2, 3, 7, 10, 100, 501, 999, 4_321, 10_000, 65_537, 1_000_000, 16_777_217, int.MaxValue })
            {
                // 1 - beta^step without cancellation: 1 - e^x = -2 e^(x/2) sinh(x/2).
                var x = step * Math.Log(beta);
                var expected = x < -100 ? 1 : -2 * Math.Exp(x / 2) * Math.Sinh(x / 2);
                var got = BiasCorrection.OneMinusPower((float)Math.Log(beta), step);
                Assert.True(Math.Abs(got - expected) <= 5e-7 * expected, $"1 - {beta}^{step}: {got:R}, expected {expected:R}");
            }
        }
    }

    [Fact]
    public void ResultsDoNotDependOnThreads()
    {
        var random = new Random(13);
        float[] Random(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var arena = new ParameterArena();
        arena.Add("a", 40_000, new() { DecoupledDecay = 0.1f });
        arena.Add("b", 777);
        var initial = Random(arena.Length);
        var gradients = Random(arena.Length);
        float[]? expected = null;
        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var table = new SegmentTable(device, arena);
            using var memory = device.Allocate(
                5 * arena.Length + StepStateLayout.Words + GradientNormLayout.Words + GradientNorm.WorkspaceLength(arena.Length));
            var parameters = memory.View.First(arena.Length);
            var gradient = memory.View.Slice(arena.Length, arena.Length);
            var state = memory.View.Slice(2 * arena.Length, 2 * arena.Length);
            var step = memory.View.Slice(4 * arena.Length, StepStateLayout.Words);
            var norm = memory.View.Slice(4 * arena.Length + StepStateLayout.Words, GradientNormLayout.Words);
            var workspace = memory.View.Slice(norm.Offset + GradientNormLayout.Words, GradientNorm.WorkspaceLength(arena.Length));
            device.Upload<float>(initial, parameters);
            for (var i = 1; i <= 3; i++)
            {
                device.Upload<float>(gradients, gradient);
                device.Upload<float>([BitConverter.Int32BitsToSingle(i), 0.01f, 0.5f], step);
                GradientNorm.Run(device, gradient, step, 1f, norm, workspace);
                FusedOptimizer.Update(device, OptimizerSettings.AdamW(), table, parameters, gradient, state, step, norm);
            }

            var words = new float[4 * arena.Length + StepStateLayout.Words + GradientNormLayout.Words];
            device.Download<float>(memory.View.First(words.Length), words);
            expected ??= words;
            Assert.True(expected.AsSpan().SequenceEqual(words), $"{threads} threads gave other bits than one");
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void NewFactorsApplyFromTheNextStep(string device)
    {
        using var oracle = new Oracle(device, seed: 14);
        var arena = new ParameterArena();
        arena.Add("frozen", 20);
        arena.Add("free", 20);
        using var table = new SegmentTable(oracle.Device, arena);
        var initial = oracle.Uniform(arena.Length);
        var parameters = oracle.Upload(initial);
        var gradients = oracle.Upload(Enumerable.Repeat(1f, arena.Length).ToArray());
        var step = oracle.Upload([0f, 0.5f, 1f, .. new float[StepStateLayout.Words - 3]]);
        table.SetFactors(oracle.Device, [new() { LearningRate = 0 }, SegmentFactors.Default]);
        FusedOptimizer.Update(oracle.Device, OptimizerSettings.Sgd(), table, parameters, gradients, default, step);
        var got = oracle.Download(parameters);
        Assert.Equal(initial[..20], got[..20]);
        Assert.Equal(initial[32..52].Select(x => x - 0.5f), got[32..52]);
        var error = Assert.Throws<ArgumentException>(() => table.SetFactors(oracle.Device, [SegmentFactors.Default]));
        Assert.Contains("2 segments", error.Message);
    }

    private static void Compare(Oracle oracle, OptimizerSettings settings, ParameterArena arena, float clip, float scale, string shape)
    {
        var count = (int)arena.ParameterCount;
        var initial = oracle.Uniform(count);
        using var fixture = new OptimizerFixture(oracle, settings, arena, initial);
        var reference = new OptimizerReference(settings, [.. initial.Select(x => (double)x)]);
        for (var step = 1; step <= 10; step++)
        {
            var gradients = oracle.Uniform(count);
            var learningRate = 0.02f / step;
            fixture.Step(gradients, learningRate, step, scale, clip);
            var factor = clip > 0 ? OptimizerReference.ClipFactor(gradients.Select(g => (double)g * scale), clip) : 1;
            var i = 0;
            foreach (var segment in arena.Segments)
                for (var k = 0; k < segment.Length; k++, i++) reference.Step(i, gradients[i] * scale * factor, learningRate, step, segment.Factors);
            Assert.All(oracle.Download(fixture.Gradients), g => Assert.Equal(0f, g));
            if (step is not (1 or 10)) continue;
            oracle.Compare($"optimizer {settings.Kind}, {step} steps", reference.Parameters, fixture.ReadSegments(fixture.Parameters), 2e-6, shape: shape);
            if (settings.EmaDecay is not null)
                oracle.Compare("optimizer average", reference.Average, fixture.ReadSegments(fixture.Average), 2e-6, shape: shape);
        }
    }
}
