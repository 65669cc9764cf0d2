using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Optimizers;

[OracleFor(typeof(OptimizerUpdate<,,,>))]
public class OptimizerTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(OptimizerChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(OptimizerChecks), check, device);

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
}
