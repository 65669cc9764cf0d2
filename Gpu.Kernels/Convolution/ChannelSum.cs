using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Partials[chunk, c] = sum over the pixels of a chunk of Values[pixel, c]. An item is one vector of channels of one chunk.
/// <see cref="SplitKReduce{TBackend,TVector}"/> adds the chunks.
/// </summary>
internal struct ChannelPartialSum<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Values [pixel, c] and partial sums [chunk, c].</summary>
    public TBackend Values, Partials;

    /// <summary>Pixels, channels, pixels of a chunk, vectors that cover the channels, words from one chunk of <see cref="Partials"/> to the next.</summary>
    public int Pixels, Channels, ChunkPixels, Vectors, Stride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var chunk = item / Vectors;
        var channel = (item - chunk * Vectors) * TBackend.Width;
        var left = Channels - channel;
        var last = Math.Min(Pixels, (chunk + 1) * ChunkPixels);
        var sum = TBackend.Zero;
        for (var pixel = chunk * ChunkPixels; pixel < last; pixel++)
            sum = TBackend.Add(sum, TBackend.LoadPartial(Values, pixel * Channels + channel, left));
        TBackend.StorePartial(Partials, chunk * Stride + channel, sum, left);
    }
}

/// <summary>Sums over pixels for each channel: the bias gradient where no weight gradient kernel computes it.</summary>
internal static class ChannelSum
{
    private const int MaxChunks = 64;
    private const int MinPixels = 16;

    /// <summary>Words of workspace, on any device.</summary>
    public static int WorkspaceLength(int channels) =>
        ShapeLimits.Workspace((long)Math.Max(MaxChunks, ChannelGroups.MaxChunks(channels)) * IntMath.RoundUp(channels, 16));

    /// <summary>Computes sums[c] += sum over pixels of values[pixel, c].</summary>
    public static void Add(IExecutor executor, DeviceView values, int channels, DeviceView sums, DeviceView workspace) =>
        executor.Execute(new Operation(values, channels, sums, workspace));

    private readonly struct Operation(DeviceView values, int channels, DeviceView sums, DeviceView workspace) : IOperation
    {
        public int Granularity => channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var pixels = values.Length / channels;
            if (launcher.Groups is { } limits)
            {
                LaunchGroups<TBackend, TVector>(launcher, limits, pixels);
                return;
            }

            var chunkPixels = Math.Max(64, IntMath.DivRoundUp(pixels, MaxChunks));
            var chunks = IntMath.DivRoundUp(pixels, chunkPixels);
            var vectors = IntMath.DivRoundUp(channels, TBackend.Width);
            var stride = IntMath.RoundUp(channels, 16);
            var sum = new ChannelPartialSum<TBackend, TVector>
            {
                Values = launcher.Bind(values),
                Partials = launcher.Bind(workspace),
                Pixels = pixels,
                Channels = channels,
                ChunkPixels = chunkPixels,
                Vectors = vectors,
                Stride = stride,
            };
            launcher.Launch(sum, chunks * vectors, 2 * chunkPixels);
            var total = new SplitKReduce<TBackend, TVector>
            {
                Partials = launcher.Bind(workspace),
                Output = launcher.Bind(sums),
                Count = channels,
                Splits = chunks,
                Stride = stride,
            };
            launcher.Launch(total, vectors, 4 * chunks);
        }

        // One launch if one group for each block of channels is enough, else a second one that adds the chunks.
        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits, int pixels)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var threads = GroupThreads.For(limits);
            var layout = ChannelGroups.For<TBackend, TVector>(pixels, channels, threads, MinPixels, ChannelGroups.MaxChunks(channels));
            var isWhole = layout.Chunks == 1;
            var stride = IntMath.RoundUp(channels, 16);
            var partials = new GroupedChannelSum<TBackend, TVector>
            {
                Values = launcher.Bind(values),
                Sums = launcher.Bind(isWhole ? sums : workspace),
                Layout = layout,
                ValueStride = channels,
                SumStride = stride,
                Scale = 1f,
                Accumulate = isWhole,
            };
            launcher.LaunchGroups(partials, layout.Groups, layout.Threads);
            if (isWhole) return;
            var chunks = ChannelGroups.ForCombining<TBackend, TVector>(layout.Chunks, channels, threads);
            var total = new GroupedChannelSum<TBackend, TVector>
            {
                Values = partials.Sums,
                Sums = launcher.Bind(sums),
                Layout = chunks,
                ValueStride = stride,
                SumStride = stride,
                Scale = 1f,
                Accumulate = true,
            };
            launcher.LaunchGroups(total, chunks.Groups, chunks.Threads);
        }
    }
}
