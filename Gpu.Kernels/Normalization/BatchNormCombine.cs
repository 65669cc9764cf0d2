using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Second stage of the batch statistics: combines the statistics of all chunks, one after the other (T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for
/// computing the sample variance", 1983), and stores the results in <see cref="Coefficients"/>. An item is one vector of channels.
/// </summary>
internal struct BatchNormCombine<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormStatistics{TBackend,TVector}"/>.</summary>
    public TBackend Partials;

    /// <summary>Saved and running statistics and scale, which are written.</summary>
    public BatchNormCoefficients<TBackend, TVector> Coefficients;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TBackend.Width;
        var left = Layout.Channels - channel;
        // The mean is accumulated as its difference from the mean of the first chunk. Otherwise each of hundreds of small updates of a large number would be
        // rounded.
        var first = TBackend.LoadPartial(Partials, channel, left);
        var offset = TBackend.Zero;
        var squares = TBackend.LoadPartial(Partials, Layout.PartialRow + channel, left);
        float count = Math.Min(Layout.ChunkRows, Layout.Rows);
        for (var chunk = 1; chunk < Layout.Chunks; chunk++)
        {
            float rows = Math.Min(Layout.ChunkRows, Layout.Rows - chunk * Layout.ChunkRows);
            var at = chunk * Layout.PartialStride + channel;
            var difference = TBackend.Subtract(TBackend.Subtract(TBackend.LoadPartial(Partials, at, left), first), offset);
            var total = count + rows;
            squares = TBackend.Add(squares, TBackend.LoadPartial(Partials, at + Layout.PartialRow, left));
            squares = TBackend.MultiplyAdd(TBackend.Multiply(difference, difference), TBackend.Splat(count * (rows / total)), squares);
            offset = TBackend.MultiplyAdd(difference, TBackend.Splat(rows / total), offset);
            count = total;
        }

        Coefficients.Store(channel, left, TBackend.Add(first, offset), squares, count);
    }
}

/// <summary>Scale = gamma / sqrt(running variance + epsilon), for evaluation. An item is one vector of channels.</summary>
internal struct BatchNormScaleFromRunning<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend Gamma, RunningVariance, Scale;

    /// <summary>Number of channels.</summary>
    public int Channels;

    /// <summary>The number that is added to the variance.</summary>
    public float Epsilon;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TBackend.Width;
        var left = Channels - channel;
        var deviation = TBackend.Sqrt(TBackend.Add(TBackend.LoadPartial(RunningVariance, channel, left), TBackend.Splat(Epsilon)));
        var scale = TBackend.Divide(TBackend.LoadPartial(Gamma, channel, left), deviation);
        TBackend.StorePartial(Scale, channel, scale, left);
    }
}
