using Gpu.Kernels;
using Gpu.Kernels.Constraints;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Constraints;

/// <summary>Soft threshold, moving average and lookahead of the segments of an arena.</summary>
[OracleFor(typeof(SoftThresholdKernel<,>), typeof(WeightAverageKernel<,>), typeof(LookaheadKernel<,>))]
public class ArenaProjectionTests
{
    private const float LearningRate = 0.25f;
    private static readonly int[] Lengths = [1, 15, 17, 40, SegmentTable.BlockLength + 5];
    private static readonly SegmentFactors[] Factors =
    [
        new() { L1Threshold = 1 }, SegmentFactors.Default, new() { L1Threshold = 2, LearningRate = 0.5f }, new() { L1Threshold = 1, LearningRate = 0 },
        new() { L1Threshold = 0.5f },
    ];

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void SoftThresholdAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 61);
        var arena = Arena();
        using var table = new SegmentTable(oracle.Device, arena);
        var values = oracle.Uniform(arena.Length);
        values[arena.Segments[4].Offset + 3] = float.NaN;
        var view = oracle.Upload(values);
        SoftThreshold.Run(oracle.Device, table, view, Step(oracle, skips: true));
        Assert.Equal(values, oracle.Download(view));
        SoftThreshold.Run(oracle.Device, table, view, Step(oracle));
        var got = oracle.Download(view);
        var expected = Expected(arena, values, (x, factors) =>
            float.IsNaN(x) ? float.NaN : Math.Sign(x) * Math.Max(Math.Abs(x) - (double)LearningRate * factors.LearningRate * factors.L1Threshold, 0));
        for (var i = 0; i < got.Length; i++)
        {
            Assert.True(float.IsNaN(values[i]) ? float.IsNaN(got[i]) : Math.Abs(got[i] - expected[i]) <= 1e-7, $"{device}, word {i}: {got[i]}, {expected[i]}");
            if (expected[i] == 0) Assert.Equal(0f, got[i]);
        }

        Assert.Contains(got, x => x == 0);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AverageAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 62);
        var arena = Arena();
        using var table = new SegmentTable(oracle.Device, arena);
        var (values, start) = (oracle.Uniform(arena.Length), oracle.Uniform(arena.Length));
        foreach (var step in new[] { 3, 500 })
        {
            var average = oracle.Upload(start);
            WeightAverage.Update(oracle.Device, 0.9, table, oracle.Upload(values), average, Step(oracle, skips: true));
            Assert.Equal(start, oracle.Download(average));
            WeightAverage.Update(oracle.Device, 0.9, table, oracle.Upload(values), average, Step(oracle, step));
            var decay = Math.Min(0.9, (1.0 + step) / (10.0 + step));
            var at = 0;
            var expected = Expected(arena, start, (a, factors) =>
            {
                var p = values[at];
                return factors.LearningRate == 0 ? a : decay * a + (1 - decay) * p;
            }, i => at = i);
            oracle.Compare("weight average", expected, average, 1e-6, shape: $"step {step}");
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void LookaheadAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 63);
        var arena = Arena();
        using var table = new SegmentTable(oracle.Device, arena);
        var (values, start) = (oracle.Uniform(arena.Length), oracle.Uniform(arena.Length));
        foreach (var (step, skips) in new[] { (4, false), (5, true), (5, false), (10, false) })
        {
            var (parameters, slow) = (oracle.Upload(values), oracle.Upload(start));
            Lookahead.Update(oracle.Device, 5, 0.3f, table, parameters, slow, Step(oracle, step, skips));
            if (skips || step % 5 != 0)
            {
                Assert.Equal(values, oracle.Download(parameters));
                Assert.Equal(start, oracle.Download(slow));
                continue;
            }

            var at = 0;
            var moved = Expected(arena, start, (s, factors) => factors.LearningRate == 0 ? s : s + 0.3f * (values[at] - (double)s), i => at = i);
            oracle.Compare("lookahead", moved, slow, 1e-6, shape: $"step {step}");
            at = 0;
            var fast = Expected(arena, values, (p, factors) => factors.LearningRate == 0 ? p : moved[at], i => at = i);
            oracle.Compare("lookahead", fast, parameters, 1e-6, shape: $"step {step}");
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => Lookahead.Update(oracle.Device, 0, 0.5f, table, default, default, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => Lookahead.Update(oracle.Device, 5, 0, table, default, default, default));
    }

    private static ParameterArena Arena()
    {
        var arena = new ParameterArena();
        for (var s = 0; s < Lengths.Length; s++) arena.Add($"p{s}", Lengths[s], Factors[s]);
        return arena;
    }

    private static DeviceView Step(Oracle oracle, int step = 1, bool skips = false)
    {
        var words = new float[StepStateLayout.Words];
        words[StepStateLayout.Step] = BitConverter.Int32BitsToSingle(step);
        words[StepStateLayout.LearningRate] = LearningRate;
        words[StepStateLayout.SkipsUpdate] = BitConverter.Int32BitsToSingle(skips ? 1 : 0);
        return oracle.Upload(words);
    }

    // Words between the segments do not change.
    private static double[] Expected(ParameterArena arena, float[] values, Func<float, SegmentFactors, double> change, Action<int>? at = null)
    {
        var expected = values.Select(x => (double)x).ToArray();
        foreach (var segment in arena.Segments)
            for (var i = segment.Offset; i < segment.Offset + segment.Length; i++)
            {
                at?.Invoke(i);
                expected[i] = change(values[i], segment.Factors);
            }

        return expected;
    }
}
