using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of weight statistics.</summary>
internal static class WeightStatisticsChecks
{
    internal static readonly int[] Lengths = [1, 3, 16, 1024, 1025, 4097, 40];

    [OperationCheck("weight statistics", 91)]
    public static void AgreesWithTheReference(Checker checker)
    {
        var arena = Arena();
        using var table = new SegmentTable(checker.Device, arena);
        var (weights, before, gradients) = (Values(checker, arena), Values(checker, arena), Values(checker, arena));
        var (w, b, g) = (checker.Upload(weights), checker.Upload(before), checker.Upload(gradients));
        var moments = checker.Output(table.BlockCount * WeightStatistics.MomentWords);
        WeightStatistics.Moments(checker.Device, table, w, b, g, moments);
        var largest = arena.Segments.Select(segment => weights.AsSpan(segment.Offset, segment.Length).ToArray().Max(Math.Abs)).ToArray();
        var counts = checker.Output(table.BlockCount * WeightStatistics.Bins);
        WeightStatistics.Counts(checker.Device, table, w, checker.Upload(largest), counts);
        var (gotMoments, gotCounts) = (checker.Download(moments), checker.Download(counts));

        var block = 0;
        for (var s = 0; s < arena.Segments.Count; s++)
        {
            var segment = arena.Segments[s];
            for (var at = 0; at < segment.Length; at += SegmentTable.BlockLength, block++)
            {
                var range = Enumerable.Range(segment.Offset + at, Math.Min(SegmentTable.BlockLength, segment.Length - at)).ToArray();
                double[] expected =
                [
                    range.Sum(i => (double)weights[i] * weights[i]), range.Sum(i => (double)gradients[i] * gradients[i]),
                    range.Sum(i => Math.Pow((double)weights[i] - before[i], 2)), range.Max(i => Math.Abs((double)weights[i])),
                    range.Count(i => weights[i] != 0), range.Sum(i => (double)Math.Abs(weights[i])),
                    range.Sum(i => (double)gradients[i] * weights[i]),
                ];
                checker.Compare("weight moments", expected, gotMoments.AsSpan(block * WeightStatistics.MomentWords, 7).ToArray(), 2e-6);
                var expectedCounts = Enumerable.Range(0, WeightStatistics.Bins).Select(k => (float)range.Count(i => k == 0
                    ? Math.Abs(weights[i]) < largest[s] * WeightStatistics.SmallShare
                    : weights[i] < largest[s] * ((k - 32) / 32f)));
                Require.Equal(expectedCounts, gotCounts.AsSpan(block * WeightStatistics.Bins, WeightStatistics.Bins).ToArray());
            }
        }

        Require.Equal(table.BlockCount, block);
        var (segmentMoments, segmentCounts) = (
            WeightStatistics.ReadMoments(checker.Device, arena, moments), WeightStatistics.ReadCounts(checker.Device, arena, counts));
        for (var s = 0; s < arena.Segments.Count; s++)
        {
            var values = weights.AsSpan(arena.Segments[s].Offset, arena.Segments[s].Length).ToArray();
            var got = segmentMoments[s];
            Require.Equal(values.Count(w => w == 0), got.Zeros);
            Require.Equal(largest[s], got.Largest);
            var products = values.Select((w, i) => (double)w * gradients[arena.Segments[s].Offset + i]).Sum();
            checker.Compare("segment moments", [values.Sum(w => (double)w * w), values.Sum(w => (double)Math.Abs(w)), products],
                [(float)got.Squares, (float)got.Absolutes, (float)got.GradientProducts], 2e-6);
            Require.Equal(values.Count(w => Math.Abs(w) < largest[s] * WeightStatistics.SmallShare), segmentCounts[s][0]);
            Require.Equal(values.Count(w => w < largest[s] * (5 - 32) / 32f), segmentCounts[s][5]);
        }
    }

    [OperationCheck("copy of weights", 92)]
    public static void CopyCopiesEveryWord(Checker checker)
    {
        foreach (var length in new[] { 1, 4, 31, 500 })
        {
            var values = checker.Uniform(length);
            var target = checker.Output(length);
            WeightStatistics.Copy(checker.Device, checker.Upload(values), target);
            Require.Equal(values, checker.Download(target));
        }
    }

    internal static ParameterArena Arena()
    {
        var arena = new ParameterArena();
        foreach (var length in Lengths) arena.Add($"w{length}", length, new SegmentFactors());
        return arena;
    }

    // A tenth of the values is exactly zero, and a tenth very small.
    internal static float[] Values(Checker checker, ParameterArena arena) =>
        [.. checker.Uniform(arena.Length, -2, 2).Select((value, i) => (i % 10) switch { 3 => 0f, 7 => 1e-4f * value, _ => value })];
}
