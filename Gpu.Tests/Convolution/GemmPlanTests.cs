using Gpu.Cli.Checks;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Convolution;

/// <summary>The choice of a tile on devices that differ in the registers of a thread.</summary>
public class GemmPlanTests
{
    private static readonly GroupLimits ManyRegisters = new(256, 65_536, 32);

    private static readonly GroupLimits FewRegisters = ManyRegisters with { HasFewRegisters = true };

    [Fact]
    public void NoTileOfAnIntelGpuNeedsTooManyRegisters()
    {
        var vectors = Sizes.Select(size => Choose<GpuVector4Backend>(FewRegisters, size).Tile).ToHashSet();
        var scalars = Sizes.Select(size => Choose<GpuScalarBackend>(FewRegisters, size).Tile).ToHashSet();
        Assert.Equal([typeof(Tile128x32), typeof(Tile32x32)], vectors);
        Assert.Equal([typeof(Tile32x32)], scalars);
    }

    [Fact]
    public void OtherDevicesHaveAllTilesForBothBackends()
    {
        var vectors = Sizes.Select(size => Choose<GpuVector4Backend>(ManyRegisters, size)).ToArray();
        Assert.Equal(vectors, Sizes.Select(size => Choose<GpuScalarBackend>(ManyRegisters, size)));
        var tiles = vectors.Select(choice => choice.Tile).ToHashSet();
        Assert.Equal([typeof(Tile128x128), typeof(Tile64x64), typeof(Tile64x64Half), typeof(Tile128x32), typeof(Tile32x32)], tiles);
    }

    [Fact]
    public void TheKernelsOfAnIntelGpuAreThoseThatItsPlanCanChoose()
    {
        var kernels = KernelInstances.GpuBackends.SelectMany(backend => new[] { typeof(ImplicitGemmConv2d<,,,>), typeof(ImplicitGemmWeightGradient<,,>) }
            .SelectMany(kernel => KernelInstances.For(kernel, backend.Backend, backend.Vector))).ToArray();
        Assert.Equal(2 * 6 * (8 + 1), kernels.Length);
        var left = kernels.Where(KernelInstances.RunsOnIntel).Select(kernel => (kernel.GetGenericArguments()[0], KernelInstances.Tile(kernel))).ToHashSet();
        Assert.Equal(
            [
                (typeof(GpuVector4Backend), typeof(Tile128x32)), (typeof(GpuVector4Backend), typeof(Tile32x32)),
                (typeof(GpuVector4Backend), typeof(Tile16x16)),
                (typeof(GpuScalarBackend), typeof(Tile32x32)), (typeof(GpuScalarBackend), typeof(Tile16x16)),
            ],
            left);
    }

    // Rows, columns and depth from one to many tiles.
    private static IEnumerable<(int Rows, int Columns, int Depth)> Sizes =>
        from rows in new[] { 1, 30, 128, 1000, 8192, 100_000 }
        from columns in new[] { 1, 10, 32, 64, 128, 256, 1000 }
        from depth in new[] { 1, 9, 64, 576, 4608 }
        select (rows, columns, depth);

    private static Choice Choose<TBackend>(GroupLimits limits, (int Rows, int Columns, int Depth) size)
        where TBackend : struct, IGpuBackend<TBackend>
    {
        var recorder = default(Recorder);
        GemmPlan.Call<TBackend, Recorder>(limits, size.Rows, size.Columns, size.Depth, size.Rows * size.Columns, ref recorder);
        return recorder.Choice;
    }

    private struct Recorder : IGemmTileCall
    {
        public Choice Choice;

        public void Invoke<TTile>(GemmGrid grid)
            where TTile : struct, IGemmTile => Choice = new(typeof(TTile), grid);
    }

    private readonly record struct Choice(Type Tile, GemmGrid Grid);
}
