using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Puts the chunks' statistics together (T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", 1983), moves the running
/// statistics, and leaves what the normalisation multiplies by, gamma / deviation. An item is a vector of channels.
/// </summary>
public struct BatchNormCombine<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="BatchNormStatistics{TMachine,TVector}"/>.</summary>
    public TMachine Partials;

    /// <summary>Where the statistics go.</summary>
    public BatchNormOutcome<TMachine, TVector> Outcome;

    /// <summary>Sizes.</summary>
    public BatchNormLayout Layout;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TMachine.Width;
        var left = Layout.Channels - channel;
        // The mean is kept as its difference from the first chunk's: hundreds of small steps from a large number would each be rounded.
        var first = TMachine.LoadPartial(Partials, channel, left);
        var moved = TMachine.Zero;
        var squares = TMachine.LoadPartial(Partials, Layout.PartialRow + channel, left);
        float count = Math.Min(Layout.ChunkRows, Layout.Rows);
        for (var chunk = 1; chunk < Layout.Chunks; chunk++)
        {
            float rows = Math.Min(Layout.ChunkRows, Layout.Rows - chunk * Layout.ChunkRows);
            var at = chunk * Layout.PartialStride + channel;
            var difference = TMachine.Subtract(TMachine.Subtract(TMachine.LoadPartial(Partials, at, left), first), moved);
            var total = count + rows;
            squares = TMachine.Add(squares, TMachine.LoadPartial(Partials, at + Layout.PartialRow, left));
            squares = TMachine.MultiplyAdd(TMachine.Multiply(difference, difference), TMachine.Splat(count * (rows / total)), squares);
            moved = TMachine.MultiplyAdd(difference, TMachine.Splat(rows / total), moved);
            count = total;
        }

        Outcome.Store(channel, left, TMachine.Add(first, moved), squares, count);
    }
}

/// <summary>gamma / deviation from the running statistics, for evaluation; an item is a vector of channels.</summary>
public struct BatchNormFromRunning<TMachine, TVector> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
{
    /// <summary>All [channels].</summary>
    public TMachine Gamma, RunningVariance, Scale;

    /// <summary>Channels.</summary>
    public int Channels;

    /// <summary>Added to the variance.</summary>
    public float Epsilon;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var channel = item * TMachine.Width;
        var left = Channels - channel;
        var deviation = TMachine.Sqrt(TMachine.Add(TMachine.LoadPartial(RunningVariance, channel, left), TMachine.Splat(Epsilon)));
        var scale = TMachine.Divide(TMachine.LoadPartial(Gamma, channel, left), deviation);
        TMachine.StorePartial(Scale, channel, scale, left);
    }
}
