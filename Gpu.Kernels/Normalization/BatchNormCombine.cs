using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Puts the chunks' statistics together (T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", 1983), moves the running
/// statistics, and leaves what the normalisation multiplies by, gamma / deviation. An item is a vector of channels.
/// </summary>
internal struct BatchNormCombine<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormStatistics{TBackend,TVector}"/>.</summary>
    public TBackend Partials;

    /// <summary>Where the statistics go.</summary>
    public BatchNormCoefficients<TBackend, TVector> Coefficients;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TBackend.Width;
        var left = Layout.Channels - channel;
        // The mean is kept as its difference from the first chunk's: hundreds of small steps from a large number would each be rounded.
        var first = TBackend.LoadPartial(Partials, channel, left);
        var moved = TBackend.Zero;
        var squares = TBackend.LoadPartial(Partials, Layout.PartialRow + channel, left);
        float count = Math.Min(Layout.ChunkRows, Layout.Rows);
        for (var chunk = 1; chunk < Layout.Chunks; chunk++)
        {
            float rows = Math.Min(Layout.ChunkRows, Layout.Rows - chunk * Layout.ChunkRows);
            var at = chunk * Layout.PartialStride + channel;
            var difference = TBackend.Subtract(TBackend.Subtract(TBackend.LoadPartial(Partials, at, left), first), moved);
            var total = count + rows;
            squares = TBackend.Add(squares, TBackend.LoadPartial(Partials, at + Layout.PartialRow, left));
            squares = TBackend.MultiplyAdd(TBackend.Multiply(difference, difference), TBackend.Splat(count * (rows / total)), squares);
            moved = TBackend.MultiplyAdd(difference, TBackend.Splat(rows / total), moved);
            count = total;
        }

        Coefficients.Store(channel, left, TBackend.Add(first, moved), squares, count);
    }
}

/// <summary>gamma / deviation from the running statistics, for evaluation; an item is a vector of channels.</summary>
internal struct BatchNormScaleFromRunning<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TBackend Gamma, RunningVariance, Scale;

    /// <summary>Channels.</summary>
    public int Channels;

    /// <summary>Added to the variance.</summary>
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
