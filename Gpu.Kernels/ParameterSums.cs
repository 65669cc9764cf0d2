using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels;

/// <summary>What the penalties of a segment are made of.</summary>
/// <param name="Squares">the sum of p^2</param>
/// <param name="Absolutes">the sum of |p|</param>
/// <param name="Zeros">the number of parameters that are exactly 0</param>
public readonly record struct SegmentSums(double Squares, double Absolutes, long Zeros);

/// <summary>
/// Sums over the parameters of each segment of an arena, for L1 and L2 penalties and the share of zeros. The device sums blocks of
/// <see cref="SegmentTable.BlockLength"/> words; the host adds them up in double precision, in the order of the arena.
/// </summary>
/// <example><code>
/// ParameterSums.Run(device, table, parameters, sums);
/// var norms = ParameterSums.Read(device, table, arena, sums).Select(segment => Math.Sqrt(segment.Squares));
/// </code></example>
public static class ParameterSums
{
    /// <summary>Words of the sums of an arena.</summary>
    /// <param name="table">the segments of the arena</param>
    public static int Length(SegmentTable table) => ShapeLimits.Length("the sums", table.BlockCount, ParameterSumsKernel<GpuScalarBackend, float>.Words);

    /// <summary>Words of the sums of an arena, before its table exists.</summary>
    /// <param name="arena">the segments</param>
    public static int LengthFor(ParameterArena arena) =>
        ShapeLimits.Length("the sums", SegmentTable.CountBlocks(arena), ParameterSumsKernel<GpuScalarBackend, float>.Words);

    /// <summary>Computes the sums of all blocks.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="table">the segments of the arena</param>
    /// <param name="parameters">all parameters, <see cref="ParameterArena.Length"/> words</param>
    /// <param name="sums">receives the sums, <see cref="Length"/> words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    public static void Run(IExecutor executor, SegmentTable table, DeviceView parameters, DeviceView sums)
    {
        parameters.Require(table.ArenaLength, nameof(parameters));
        sums.Require(Length(table), nameof(sums));
        Operands.Check(executor, [new(sums, nameof(sums))], [new(parameters, nameof(parameters)), new(table.Blocks, "table"), new(table.Segments, "table")]);
        executor.Execute(new Operation(table, parameters, sums));
    }

    /// <summary>Reads the sums of each segment. Waits until the device has finished.</summary>
    /// <param name="device">the device</param>
    /// <param name="table">the segments of the arena</param>
    /// <param name="arena">the arena of the table</param>
    /// <param name="sums">the sums, <see cref="Length"/> words</param>
    /// <returns>the sums, in the order of the segments</returns>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static SegmentSums[] Read(ComputeDevice device, SegmentTable table, ParameterArena arena, DeviceView sums)
    {
        sums.Require(Length(table), nameof(sums));
        var words = new float[sums.Length];
        device.Download<float>(sums, words);
        var all = new SegmentSums[arena.Segments.Count];
        var at = 0;
        for (var s = 0; s < all.Length; s++)
        {
            for (var block = 0; block < arena.Segments[s].Length; block += SegmentTable.BlockLength)
            {
                all[s] = new(all[s].Squares + words[at], all[s].Absolutes + words[at + 1], all[s].Zeros + (long)words[at + 2]);
                at += ParameterSumsKernel<GpuScalarBackend, float>.Words;
            }
        }

        return all;
    }

    private readonly struct Operation(SegmentTable table, DeviceView parameters, DeviceView sums) : IOperation
    {
        public int Granularity => 4;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new ParameterSumsKernel<TBackend, TVector>
            {
                Parameters = launcher.Bind(parameters),
                Sums = launcher.Bind(sums),
                Blocks = SegmentBlocks<TBackend, TVector>.Of(launcher, table, divides: false),
            };
            launcher.Launch(kernel, kernel.Blocks.Items(table), 5 * SegmentTable.BlockLength / TBackend.Width);
        }
    }
}
