using Gpu.Kernels.Convolution.TensorCore;

namespace Gpu.Tests.Convolution.TensorCore;

/// <summary>The layout of tiles in shared memory has no overlaps and no bank conflicts; <see cref="MixedRadixCounter"/> counts correctly.</summary>
public class TensorCoreLayoutTests
{
    // The lanes that are served in one phase of an access must use 32 different banks.
    private const int Banks = 32;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void LdmatrixOfRowsHasNoBankConflicts(int half) => ForEachMatrix(lane => TileLayout.FirstInRows(lane, half));

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    public void LdmatrixOfLinesHasNoBankConflicts(int columns)
    {
        var stride = TileLayout.LineStride16(columns);
        for (var half = 0; half < 2; half++)
        {
            var part = half;
            ForEachMatrix(lane => TileLayout.FirstInLines16(lane, part, stride));
            ForEachMatrix(lane => TileLayout.SecondInLines16(lane, part, stride));
        }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    public void QuadLoadsOfLinesHaveNoBankConflicts(int columns) =>
        ForEachPhase(lane => TileLayout.InLines32(lane, 1, TileLayout.LineStride32(columns)));

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void QuadStoresOfSumsHaveNoBankConflicts(int columns) =>
        ForEachPhase(lane => (lane >> 2) * TileLayout.EpilogueStride32(columns) + 8 * (lane & 3));

    [Fact]
    public void PairStoresOfSumsHaveNoBankConflicts()
    {
        var words = Enumerable.Range(0, 16).SelectMany(lane => Words((lane >> 2) * TileLayout.EpilogueStride16(64) + 2 * (lane & 3), 2));
        Assert.Equal(32, words.Select(word => word % Banks).Distinct().Count());
    }

    [Fact]
    public void RowsOfLinesAreEveryRowOnce()
    {
        var rows = Enumerable.Range(0, 4).SelectMany(fragment => Enumerable.Range(0, 16).Select(row => TileLayout.RowOfLines32(fragment, row)));
        Assert.Equal(Enumerable.Range(0, 64), rows.Order());
    }

    // Eight-byte stores of FP16 are served per half-warp: two whole rows, or quads of a line.
    [Fact]
    public void Fp16StoresHaveNoBankConflicts()
    {
        const int quads = 8;
        var rows = Enumerable.Range(0, 16).SelectMany(lane => Words(TileLayout.RowOffset16(lane / quads, lane % quads), 2));
        Assert.Equal(32, rows.Select(word => word % Banks).Distinct().Count());
        foreach (var columns in new[] { 64, 128 })
        {
            var lines = Enumerable.Range(0, 16).SelectMany(lane => Words(4 * lane / columns * TileLayout.LineStride16(columns) + 4 * lane % columns / 2, 2));
            Assert.Equal(32, lines.Select(word => word % Banks).Distinct().Count());
        }
    }

    // Sixteen-byte copies of TF32 are served per quarter-warp: two whole rows.
    [Fact]
    public void Tf32CopiesHaveNoBankConflicts()
    {
        var words = Enumerable.Range(0, 8).SelectMany(lane => Words(TileLayout.RowOffset32(lane / 4, lane % 4), 4));
        Assert.Equal(32, words.Select(word => word % Banks).Distinct().Count());
    }

    [Fact]
    public void RowsFillTheirTileWithoutGapsOrOverlaps()
    {
        const int rows = 24;
        var words = Enumerable.Range(0, rows).SelectMany(row => Enumerable.Range(0, 4).SelectMany(quad => Words(TileLayout.RowOffset32(row, quad), 4)));
        Assert.Equal(Enumerable.Range(0, rows * TileLayout.RowWords), words.Order());
        var halves = Enumerable.Range(0, rows).SelectMany(row => Enumerable.Range(0, 8).SelectMany(quad => Words(TileLayout.RowOffset16(row, quad), 2)));
        Assert.Equal(Enumerable.Range(0, rows * TileLayout.RowWords), halves.Order());
        Assert.Equal(TileLayout.RowOffset16(3, 5) + 8 * TileLayout.RowWords, TileLayout.RowOffset16(11, 5));
    }

    [Theory]
    [InlineData(16, 4, 1)]
    [InlineData(32, 4, 3)]
    [InlineData(32, 12, 3)]
    [InlineData(32, 32, 1)]
    [InlineData(16, 64, 5)]
    [InlineData(32, 7, 9)]
    [InlineData(32, 1, 1)]
    public void MixedRadixCounterCountsInSteps(int step, int low, int middle)
    {
        var counter = MixedRadixCounter.By(step, low, middle);
        counter.Start(5, out var c, out var x, out var y);
        for (var number = 5; number < 1000; number += step)
        {
            Assert.Equal((number % low, number / low % middle, number / low / middle), (c, x, y));
            counter.Advance(ref c, ref x, ref y);
        }
    }

    private static IEnumerable<int> Words(int first, int count) => Enumerable.Range(first, count);

    // Sixteen-byte accesses are served per quarter-warp.
    private static void ForEachPhase(Func<int, int> address)
    {
        for (var phase = 0; phase < 4; phase++)
        {
            var words = Enumerable.Range(8 * phase, 8).SelectMany(lane => Words(address(lane), 4));
            Assert.Equal(32, words.Select(word => word % Banks).Distinct().Count());
        }
    }

    // Each matrix of ldmatrix is eight rows of four words.
    private static void ForEachMatrix(Func<int, int> address)
    {
        for (var matrix = 0; matrix < 4; matrix++)
        {
            var words = Enumerable.Range(8 * matrix, 8).SelectMany(lane => Words(address(lane), 4)).ToArray();
            Assert.All(Enumerable.Range(8 * matrix, 8), lane => Assert.Equal(0, address(lane) % 4));
            Assert.Equal(32, words.Select(word => word % Banks).Distinct().Count());
        }
    }
}
