using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Activations;

/// <summary>Output = f(Input), elementwise. An item is <see cref="Words"/> elements. Output may be Input.</summary>
internal struct ActivationForward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>x, and f(x).</summary>
    public TBackend Input, Output;

    /// <summary>The number of elements, and elements per item, a multiple of the vector width.</summary>
    public int Count, Words;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var w = TBackend.Width;
        var i = item * Words;
        var end = i + Math.Min(Words, Count - i);
        // Four independent vectors hide the latency of f.
        for (; i + 4 * w <= end; i += 4 * w)
        {
            TVector x0 = TBackend.Load(Input, i), x1 = TBackend.Load(Input, i + w);
            TVector x2 = TBackend.Load(Input, i + 2 * w), x3 = TBackend.Load(Input, i + 3 * w);
            TBackend.Store(Output, i, TActivation.Forward<TBackend, TVector>(x0, Slope));
            TBackend.Store(Output, i + w, TActivation.Forward<TBackend, TVector>(x1, Slope));
            TBackend.Store(Output, i + 2 * w, TActivation.Forward<TBackend, TVector>(x2, Slope));
            TBackend.Store(Output, i + 3 * w, TActivation.Forward<TBackend, TVector>(x3, Slope));
        }

        for (; i + w <= end; i += w) TBackend.Store(Output, i, TActivation.Forward<TBackend, TVector>(TBackend.Load(Input, i), Slope));
        if (i < end) TBackend.StorePartial(Output, i, TActivation.Forward<TBackend, TVector>(TBackend.LoadPartial(Input, i, end - i), Slope), end - i);
    }
}

/// <summary>
/// InputGradient = OutputGradient * f'(x), elementwise; <see cref="Saved"/> is as in <see cref="IActivation.Backward"/>. An item is <see cref="Words"/>
/// elements. InputGradient may be OutputGradient.
/// </summary>
internal struct ActivationBackward<TBackend, TVector, TActivation> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>f(x) or x, and the gradients.</summary>
    public TBackend Saved, OutputGradient, InputGradient;

    /// <summary>The number of elements, and elements per item, a multiple of the vector width.</summary>
    public int Count, Words;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var w = TBackend.Width;
        var i = item * Words;
        var end = i + Math.Min(Words, Count - i);
        for (; i + 2 * w <= end; i += 2 * w)
        {
            TVector y0 = TBackend.Load(Saved, i), y1 = TBackend.Load(Saved, i + w);
            TVector g0 = TBackend.Load(OutputGradient, i), g1 = TBackend.Load(OutputGradient, i + w);
            TBackend.Store(InputGradient, i, TActivation.Backward<TBackend, TVector>(y0, g0, Slope));
            TBackend.Store(InputGradient, i + w, TActivation.Backward<TBackend, TVector>(y1, g1, Slope));
        }

        if (i + w <= end)
        {
            TBackend.Store(InputGradient, i, TActivation.Backward<TBackend, TVector>(TBackend.Load(Saved, i), TBackend.Load(OutputGradient, i), Slope));
            i += w;
        }

        if (i >= end) return;
        var rest = end - i;
        var gradient = TActivation.Backward<TBackend, TVector>(TBackend.LoadPartial(Saved, i, rest), TBackend.LoadPartial(OutputGradient, i, rest), Slope);
        TBackend.StorePartial(InputGradient, i, gradient, rest);
    }
}
