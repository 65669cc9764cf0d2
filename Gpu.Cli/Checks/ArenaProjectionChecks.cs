using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Soft threshold, moving average and lookahead over the segments of an arena.</summary>
internal static class ArenaProjectionChecks
{
    internal const float LearningRate = 0.25f;

    internal static readonly int[] Lengths = [1, 15, 17, 40, SegmentTable.BlockLength + 5];

    internal static readonly SegmentFactors[] Factors =
    [
        new() { L1Threshold = 1 }, SegmentFactors.Default, new() { L1Threshold = 2, LearningRate = 0.5f }, new() { L1Threshold = 1, LearningRate = 0 },
        new() { L1Threshold = 0.5f },
    ];

    [OperationCheck("soft threshold", 61)]
    public static void SoftThresholdAgreesWithTheReference(Checker checker)
    {
        var arena = Arena();
        using var table = new SegmentTable(checker.Device, arena);
        var values = checker.Uniform(arena.Length);
        values[arena.Segments[4].Offset + 3] = float.NaN;
        var view = checker.Upload(values);
        SoftThreshold.Run(checker.Device, table, view, Step(checker, skips: true));
        Require.Equal(values, checker.Download(view));
        SoftThreshold.Run(checker.Device, table, view, Step(checker));
        var got = checker.Download(view);
        var expected = Expected(arena, values, (x, factors) =>
            float.IsNaN(x) ? float.NaN : Math.Sign(x) * Math.Max(Math.Abs(x) - (double)LearningRate * factors.LearningRate * factors.L1Threshold, 0));
        for (var i = 0; i < got.Length; i++)
        {
            Require.True(float.IsNaN(values[i]) ? float.IsNaN(got[i]) : Math.Abs(got[i] - expected[i]) <= 1e-7, $"word {i}: {got[i]}, {expected[i]}");
            if (expected[i] == 0) Require.Equal(0f, got[i]);
        }

        Require.Contains(got, x => x == 0);
    }

    [OperationCheck("weight average", 62)]
    public static void AverageAgreesWithTheReference(Checker checker)
    {
        var arena = Arena();
        using var table = new SegmentTable(checker.Device, arena);
        var (values, start) = (checker.Uniform(arena.Length), checker.Uniform(arena.Length));
        foreach (var step in new[] { 3, 500 })
        {
            var average = checker.Upload(start);
            WeightAverage.Update(checker.Device, 0.9, table, checker.Upload(values), average, Step(checker, skips: true));
            Require.Equal(start, checker.Download(average));
            WeightAverage.Update(checker.Device, 0.9, table, checker.Upload(values), average, Step(checker, step));
            var decay = Math.Min(0.9, (1.0 + step) / (10.0 + step));
            var at = 0;
            var expected = Expected(arena, start, (a, factors) =>
            {
                var p = values[at];
                return factors.LearningRate == 0 ? a : decay * a + (1 - decay) * p;
            }, i => at = i);
            checker.Compare("weight average", expected, average, 1e-6, shape: $"step {step}");
        }
    }

    [OperationCheck("lookahead", 63)]
    public static void LookaheadAgreesWithTheReference(Checker checker)
    {
        var arena = Arena();
        using var table = new SegmentTable(checker.Device, arena);
        var (values, start) = (checker.Uniform(arena.Length), checker.Uniform(arena.Length));
        (int, bool, int)[] cases = [(4, false, 0), (5, true, 0), (5, false, 0), (10, false, 0), (5, false, 40), (30, false, 40), (45, false, 40)];
        foreach (var (step, skips, fall) in cases)
        {
            var (parameters, slow) = (checker.Upload(values), checker.Upload(start));
            Lookahead.Update(checker.Device, 5, 0.3f, table, parameters, slow, Step(checker, step, skips), fall);
            if (skips || step % 5 != 0)
            {
                Require.Equal(values, checker.Download(parameters));
                Require.Equal(start, checker.Download(slow));
                continue;
            }

            var rate = fall == 0 ? 0.3f : 1 - (1 - 0.3f) * Math.Pow(Math.Min((double)step / fall, 1), 3);
            var at = 0;
            var moved = Expected(arena, start, (s, factors) => factors.LearningRate == 0 ? s : s + rate * (values[at] - (double)s), i => at = i);
            checker.Compare("lookahead", moved, slow, 1e-6, shape: $"step {step} of {fall}");
            at = 0;
            var fast = Expected(arena, values, (p, factors) => factors.LearningRate == 0 ? p : moved[at], i => at = i);
            checker.Compare("lookahead", fast, parameters, 1e-6, shape: $"step {step} of {fall}");
        }

        Require.Throws<ArgumentOutOfRangeException>(() => Lookahead.Update(checker.Device, 5, 0.5f, table, default, default, default, -1));
        Require.Throws<ArgumentOutOfRangeException>(() => Lookahead.Update(checker.Device, 0, 0.5f, table, default, default, default));
        Require.Throws<ArgumentOutOfRangeException>(() => Lookahead.Update(checker.Device, 5, 0, table, default, default, default));
    }

    internal static ParameterArena Arena()
    {
        var arena = new ParameterArena();
        for (var s = 0; s < Lengths.Length; s++) arena.Add($"p{s}", Lengths[s], Factors[s]);
        return arena;
    }

    internal static DeviceView Step(Checker checker, int step = 1, bool skips = false)
    {
        var words = new float[StepStateLayout.Words];
        words[StepStateLayout.Step] = BitConverter.Int32BitsToSingle(step);
        words[StepStateLayout.LearningRate] = LearningRate;
        words[StepStateLayout.SkipsUpdate] = BitConverter.Int32BitsToSingle(skips ? 1 : 0);
        return checker.Upload(words);
    }

    // Words between the segments do not change.
    internal static double[] Expected(ParameterArena arena, float[] values, Func<float, SegmentFactors, double> change, Action<int>? at = null)
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
