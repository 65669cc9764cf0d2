using Gpu.Kernels;
using Gpu.Kernels.Statistics;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Statistics;

[OracleFor(typeof(WeightMomentsKernel<,>), typeof(WeightCountsKernel<,>), typeof(WeightCopyKernel<,>))]
public class WeightStatisticsTests
{
    private static readonly int[] Lengths = [1, 3, 16, 1024, 1025, 4097, 40];

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 91);
        var arena = Arena();
        using var table = new SegmentTable(oracle.Device, arena);
        var (weights, before, gradients) = (Values(oracle, arena), Values(oracle, arena), Values(oracle, arena));
        var (w, b, g) = (oracle.Upload(weights), oracle.Upload(before), oracle.Upload(gradients));
        var moments = oracle.Output(table.BlockCount * WeightStatistics.MomentWords);
        WeightStatistics.Moments(oracle.Device, table, w, b, g, moments);
        var largest = arena.Segments.Select(segment => weights.AsSpan(segment.Offset, segment.Length).ToArray().Max(Math.Abs)).ToArray();
        var counts = oracle.Output(table.BlockCount * WeightStatistics.Bins);
        WeightStatistics.Counts(oracle.Device, table, w, oracle.Upload(largest), counts);
        var (gotMoments, gotCounts) = (oracle.Download(moments), oracle.Download(counts));

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
                ];
                oracle.Compare("weight moments", expected, gotMoments.AsSpan(block * WeightStatistics.MomentWords, 6).ToArray(), 2e-6);
                var expectedCounts = Enumerable.Range(0, WeightStatistics.Bins).Select(k => (float)range.Count(i => k == 0
                    ? Math.Abs(weights[i]) < largest[s] * WeightStatistics.SmallShare
                    : weights[i] < largest[s] * ((k - 32) / 32f)));
                Assert.Equal(expectedCounts, gotCounts.AsSpan(block * WeightStatistics.Bins, WeightStatistics.Bins).ToArray());
            }
        }

        Assert.Equal(table.BlockCount, block);
        var (segmentMoments, segmentCounts) = (
            WeightStatistics.ReadMoments(oracle.Device, arena, moments), WeightStatistics.ReadCounts(oracle.Device, arena, counts));
        for (var s = 0; s < arena.Segments.Count; s++)
        {
            var values = weights.AsSpan(arena.Segments[s].Offset, arena.Segments[s].Length).ToArray();
            var got = segmentMoments[s];
            Assert.Equal(values.Count(w => w == 0), got.Zeros);
            Assert.Equal(largest[s], got.Largest);
            oracle.Compare("segment moments", [values.Sum(w => (double)w * w), values.Sum(w => (double)Math.Abs(w))],
                [(float)got.Squares, (float)got.Absolutes], 2e-6);
            Assert.Equal(values.Count(w => Math.Abs(w) < largest[s] * WeightStatistics.SmallShare), segmentCounts[s][0]);
            Assert.Equal(values.Count(w => w < largest[s] * (5 - 32) / 32f), segmentCounts[s][5]);
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void CopyCopiesEveryWord(string device)
    {
        using var oracle = new Oracle(device, seed: 92);
        foreach (var length in new[] { 1, 4, 31, 500 })
        {
            var values = oracle.Uniform(length);
            var target = oracle.Output(length);
            WeightStatistics.Copy(oracle.Device, oracle.Upload(values), target);
            Assert.Equal(values, oracle.Download(target));
        }
    }

    [Fact]
    public void ANaNReachesTheSums()
    {
        using var oracle = new Oracle("cpu256", seed: 93);
        var arena = new ParameterArena();
        arena.Add("w", 40, new SegmentFactors());
        using var table = new SegmentTable(oracle.Device, arena);
        var values = new float[arena.Length];
        values[17] = float.NaN;
        var (view, moments) = (oracle.Upload(values), oracle.Output(WeightStatistics.MomentWords));
        WeightStatistics.Moments(oracle.Device, table, view, view, view, moments);
        Assert.All(oracle.Download(moments)[..3], sum => Assert.Equal(float.NaN, sum));
    }

    private static ParameterArena Arena()
    {
        var arena = new ParameterArena();
        foreach (var length in Lengths) arena.Add($"w{length}", length, new SegmentFactors());
        return arena;
    }

    // A tenth of the values is exactly zero, and a tenth very small.
    private static float[] Values(Oracle oracle, ParameterArena arena) =>
        [.. oracle.Uniform(arena.Length, -2, 2).Select((value, i) => (i % 10) switch { 3 => 0f, 7 => 1e-4f * value, _ => value })];
}
