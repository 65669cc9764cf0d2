using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Optimizers;

public class ParameterArenaTests
{
    [Fact]
    public void SegmentsAreAlignedAndDoNotOverlap()
    {
        var arena = new ParameterArena();
        var offsets = new[] { 1, 16, 17, 2000 }.Select((length, i) => arena.Add($"p{i}", length).Offset).ToArray();
        Assert.Equal([0, 16, 32, 64], offsets);
        Assert.Equal(64 + 2000, arena.Length);
        Assert.Equal(2034, arena.ParameterCount);
    }

    [Fact]
    public void BlocksCoverEverySegmentExactlyOnce()
    {
        var arena = new ParameterArena();
        foreach (var length in new[] { 1, 1023, 1024, 1025, 5000, 16 }) arena.Add($"p{length}", length);
        using var device = new CpuDevice(threads: 1);
        using var table = new SegmentTable(device, arena);
        var words = new int[table.BlockCount * 4];
        device.Download<int>(table.Blocks, words);
        var owner = Enumerable.Repeat(-1, arena.Length).ToArray();
        foreach (var block in words.Chunk(4))
        {
            Assert.InRange(block[1], 1, SegmentTable.BlockLength);
            for (var i = block[0]; i < block[0] + block[1]; i++)
            {
                Assert.Equal(-1, owner[i]);
                owner[i] = block[2];
            }
        }

        for (var s = 0; s < arena.Segments.Count; s++)
        {
            var segment = arena.Segments[s];
            Assert.Equal(segment.Length, owner.Count(o => o == s));
            Assert.All(owner[segment.Offset..(segment.Offset + segment.Length)], o => Assert.Equal(s, o));
        }
    }

    [Fact]
    public void InvalidParametersThrow()
    {
        var arena = new ParameterArena();
        Assert.Contains("no parameters", Assert.Throws<ArgumentException>(() => SegmentTable.WordsFor(arena)).Message);
        arena.Add("conv1.weight", 10);
        Assert.Contains("conv1.weight", Assert.Throws<ArgumentException>(() => arena.Add("conv1.weight", 10)).Message);
        Assert.Contains("dense.bias", Assert.Throws<ArgumentException>(() => arena.Add("dense.bias", 10, new() { L1Decay = float.NaN })).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.Add("empty", 0));
        Assert.Throws<OverflowException>(() => arena.Add("huge", int.MaxValue));
    }

    [Fact]
    public void InvalidViewsAndSettingsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        var arena = new ParameterArena();
        arena.Add("p", 16);
        using var table = new SegmentTable(device, arena);
        using var memory = device.Allocate(256);
        var view = memory.View;
        var (p, g, step) = (view.First(16), view.Slice(16, 16), view.Slice(32, StepStateLayout.Words));
        void Update(OptimizerSettings settings, DeviceView state, DeviceView average = default) =>
            FusedOptimizer.Update(device, settings, table, p, g, state, step, default, average);

        Assert.Contains("state must hold 32 words", Assert.Throws<ArgumentException>(() => Update(OptimizerSettings.Adam(), view.Slice(64, 16))).Message);
        Assert.Contains(
            "average must hold 16", Assert.Throws<ArgumentException>(() => Update(OptimizerSettings.Sgd() with { EmaDecay = 0.9 }, default)).Message);
        Assert.Throws<ArgumentException>(() => Update(OptimizerSettings.Sgd(), default, view.Slice(64, 16)));
        Assert.Contains("Beta2", Assert.Throws<ArgumentOutOfRangeException>(() => Update(OptimizerSettings.Adam(beta2: 1), default)).Message);
        Assert.Contains("Momentum", Assert.Throws<ArgumentOutOfRangeException>(() => Update(OptimizerSettings.Nesterov(-0.1), default)).Message);
    }
}
