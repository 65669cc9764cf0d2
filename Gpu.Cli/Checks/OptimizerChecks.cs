using Gpu.Cli.Checks.References;
using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of optimizers.</summary>
internal static class OptimizerChecks
{
    internal static readonly OptimizerSettings[] Rules =
    [
        OptimizerSettings.Sgd(), OptimizerSettings.WithMomentum(), OptimizerSettings.Nesterov(0.8), OptimizerSettings.RmsProp(),
        OptimizerSettings.RmsProp(0.9, 1e-3, 0.7), OptimizerSettings.Adam(), OptimizerSettings.AdamW(0.8, 0.95, 1e-6), OptimizerSettings.Lion(),
        OptimizerSettings.Sgd() with { CautiousDecay = true }, OptimizerSettings.AdamW() with { CautiousDecay = true },
    ];

    internal static readonly SegmentFactors[] Decays =
    [
        SegmentFactors.Default,
        new() { CoupledDecay = 0.05f },
        new() { DecoupledDecay = 0.1f, ConstantDecay = 0.002f, LearningRate = 0.25f },
        new() { L1Decay = 0.02f },
        new() { CoupledDecay = 0.01f, DecoupledDecay = 0.03f, L1Decay = 0.01f, LearningRate = 2f },
    ];

    [OperationCheck("optimizers", 11)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var rule in Rules)
        {
            foreach (var (clip, scale, ema) in new[] { (0f, 1f, false), (1.5f, 0.5f, true) })
            {
                var settings = rule with { EmaDecay = ema ? 0.9 : null };
                // Every kind of decay, lengths around the vector width, and one segment of several blocks.
                var lengths = new[] { 1, 15, 17, checker.Next(1, 50), SegmentTable.BlockLength + 5 };
                var arena = new ParameterArena();
                for (var s = 0; s < lengths.Length; s++) arena.Add($"p{s}", lengths[s], Decays[s]);
                Compare(checker, settings, arena, clip, scale, $"{settings.Kind} clip {clip}");
            }
        }
    }

    [OperationCheck("Adam at large steps", 12)]
    public static void AdamIsAccurateAtLargeStepNumbers(Checker checker)
    {
        foreach (var step in new[] { 2, 700, 5_000, 1_000_000, int.MaxValue })
        {
            var arena = new ParameterArena();
            arena.Add("p", 33);
            var initial = checker.Uniform(33);
            var gradients = checker.Uniform(33);
            using var fixture = new OptimizerFixture(checker, OptimizerSettings.Adam(), arena, initial);
            fixture.Step(gradients, 0.01f, step);
            var reference = new OptimizerReference(fixture.Settings, [.. initial.Select(x => (double)x)]);
            for (var i = 0; i < 33; i++) reference.Step(i, gradients[i], 0.01f, step, SegmentFactors.Default);
            checker.Compare("Adam at large step numbers", reference.Parameters, fixture.ReadSegments(fixture.Parameters), 1e-6, shape: $"step {step}");
        }
    }

    [OperationCheck("new optimizer factors", 14)]
    public static void NewFactorsApplyFromTheNextStep(Checker checker)
    {
        var arena = new ParameterArena();
        arena.Add("frozen", 20);
        arena.Add("free", 20);
        using var table = new SegmentTable(checker.Device, arena);
        var initial = checker.Uniform(arena.Length);
        var parameters = checker.Upload(initial);
        var gradients = checker.Upload(Enumerable.Repeat(1f, arena.Length).ToArray());
        var step = checker.Upload([0f, 0.5f, 1f, .. new float[StepStateLayout.Words - 3]]);
        table.SetFactors(checker.Device, [new() { LearningRate = 0 }, SegmentFactors.Default]);
        FusedOptimizer.Update(checker.Device, OptimizerSettings.Sgd(), table, parameters, gradients, default, step);
        var got = checker.Download(parameters);
        Require.Equal(initial[..20], got[..20]);
        Require.Equal(initial[32..52].Select(x => x - 0.5f), got[32..52]);
        var error = Require.Throws<ArgumentException>(() => table.SetFactors(checker.Device, [SegmentFactors.Default]));
        Require.Contains("2 segments", error.Message);
    }

    internal static void Compare(Checker checker, OptimizerSettings settings, ParameterArena arena, float clip, float scale, string shape)
    {
        var count = (int)arena.ParameterCount;
        var initial = checker.Uniform(count);
        using var fixture = new OptimizerFixture(checker, settings, arena, initial);
        var reference = new OptimizerReference(settings, [.. initial.Select(x => (double)x)]);
        for (var step = 1; step <= 10; step++)
        {
            var gradients = checker.Uniform(count);
            var learningRate = 0.02f / step;
            fixture.Step(gradients, learningRate, step, scale, clip);
            var factor = clip > 0 ? OptimizerReference.ClipFactor(gradients.Select(g => (double)g * scale), clip) : 1;
            var i = 0;
            foreach (var segment in arena.Segments)
                for (var k = 0; k < segment.Length; k++, i++) reference.Step(i, gradients[i] * scale * factor, learningRate, step, segment.Factors);
            Require.All(checker.Download(fixture.Gradients), g => Require.Equal(0f, g));
            if (step is not (1 or 10)) continue;
            checker.Compare($"optimizer {settings.Kind}, {step} steps", reference.Parameters, fixture.ReadSegments(fixture.Parameters), 2e-6, shape: shape);
            if (settings.EmaDecay is not null)
                checker.Compare("optimizer average", reference.Average, fixture.ReadSegments(fixture.Average), 2e-6, shape: shape);
        }
    }
}
