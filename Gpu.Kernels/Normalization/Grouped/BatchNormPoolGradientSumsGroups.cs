using System.Runtime.CompilerServices;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;
using Gpu.Kernels.Reductions;
using ILGPU;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// <see cref="BatchNormPoolGradientSums{TMachine,TVector,TActivation}"/> by groups of threads, which share the windows of all images; the rows of
/// <see cref="Layout"/> are windows. It computes the forward pass's gamma / deviation itself, and leaves it.
/// </summary>
public struct BatchNormPoolGradientSumsGroups<TMachine, TVector, TActivation> : IGroupedKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Images: the normalisation's input, and the gradient of what was pooled.</summary>
    public TMachine Input, OutputGradient;

    /// <summary>All [channels]; the scale is written.</summary>
    public TMachine Mean, Gamma, Beta, Scale;

    /// <summary>[chunk, 2, channels]; not used where there is one chunk.</summary>
    public TMachine Partials;

    /// <summary>Where the sums go when there is one chunk.</summary>
    public BatchNormGradientOutcome<TMachine, TVector> Outcome;

    /// <summary>Sizes.</summary>
    public ChannelGroups Layout;

    /// <summary>The way of a thread through its windows.</summary>
    public WindowSteps Steps;

    /// <summary>Words from the upper to the lower pixels of a window.</summary>
    public int Below;

    /// <summary>Values of a channel, those outside of all windows included.</summary>
    public int Values;

    /// <summary>Words from one chunk's partial results to the next one's, and from its first sums to its second ones.</summary>
    public int PartialStride, PartialRow;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        var sums = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var products = SharedMemory.Allocate<TVector>(GroupThreads.Most);
        var place = Layout.Place(TMachine.Width);
        var scale = TMachine.Multiply(TMachine.Load(Gamma, place.Source), TMachine.Load(Outcome.InverseDeviation, place.Source));
        SumUp(place, scale, out var sum, out var product);
        GroupTree<TMachine, TVector>.SumTwo(sums, products, ref sum, ref product, Layout.Lanes);
        if (place.Down != 0 || place.Channel >= Layout.Channels) return;
        if (place.Chunk == 0) TMachine.Store(Scale, place.Channel, scale);
        if (Layout.Chunks == 1)
        {
            Outcome.Store(place.Channel, TMachine.Width, sum, product, Values);
            return;
        }

        var partials = place.Chunk * PartialStride + place.Channel;
        TMachine.Store(Partials, partials, sum);
        TMachine.Store(Partials, partials + PartialRow, product);
    }

    // A thread's own windows, two at a time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SumUp(ChannelPlace place, TVector scale, out TVector sum, out TVector product)
    {
        var mean = TMachine.Load(Mean, place.Source);
        var beta = TMachine.Load(Beta, place.Source);
        TVector sum0 = TMachine.Zero, sum1 = sum0, product0 = sum0, product1 = sum0;
        var row = place.First + place.Down;
        var window = Steps.Place(row, place.Source);
        var from = row * Layout.Channels + place.Source;
        var step = place.Deep * Layout.Channels;
        for (; row + place.Deep < place.End; row += 2 * place.Deep)
        {
            var next = Steps.Next(window);
            // All loads first: they are then under way together.
            var (a0, b0) = (TMachine.Load(Input, window.At), TMachine.Load(Input, window.At + Layout.Channels));
            var (c0, d0) = (TMachine.Load(Input, window.At + Below), TMachine.Load(Input, window.At + Below + Layout.Channels));
            var (a1, b1) = (TMachine.Load(Input, next.At), TMachine.Load(Input, next.At + Layout.Channels));
            var (c1, d1) = (TMachine.Load(Input, next.At + Below), TMachine.Load(Input, next.At + Below + Layout.Channels));
            var (g0, g1) = (TMachine.Load(OutputGradient, from), TMachine.Load(OutputGradient, from + step));
            Add(a0, b0, c0, d0, g0, mean, scale, beta, ref sum0, ref product0);
            Add(a1, b1, c1, d1, g1, mean, scale, beta, ref sum1, ref product1);
            window = Steps.Next(next);
            from += 2 * step;
        }

        if (row < place.End)
        {
            var (a, b) = (TMachine.Load(Input, window.At), TMachine.Load(Input, window.At + Layout.Channels));
            var (c, d) = (TMachine.Load(Input, window.At + Below), TMachine.Load(Input, window.At + Below + Layout.Channels));
            Add(a, b, c, d, TMachine.Load(OutputGradient, from), mean, scale, beta, ref sum0, ref product0);
        }

        sum = TMachine.Add(sum0, sum1);
        product = TMachine.Add(product0, product1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Add(
        TVector a, TVector b, TVector c, TVector d, TVector gradient, TVector mean, TVector scale, TVector beta, ref TVector sum, ref TVector product)
    {
        a = TMachine.Subtract(a, mean);
        b = TMachine.Subtract(b, mean);
        c = TMachine.Subtract(c, mean);
        d = TMachine.Subtract(d, mean);
        var g = BatchNormPoolPixel<TMachine, TVector, TActivation>.OfWindow(a, b, c, d, gradient, scale, beta, Slope, out var chosen);
        sum = TMachine.Add(sum, g);
        product = TMachine.MultiplyAdd(g, chosen, product);
    }
}
