using System.Runtime.CompilerServices;
using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>Output = f(input), element by element; an item is <see cref="Words"/> elements. Output may be the input.</summary>
public struct ActivationForward<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Elements.</summary>
    public TMachine Input, Output;

    /// <summary>How many elements, and how many of them an item handles: a multiple of the vector width.</summary>
    public int Count, Words;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var w = TMachine.Width;
        var i = item * Words;
        var end = i + Math.Min(Words, Count - i);
        // Four vectors at a time hide each other's latency.
        for (; i + 4 * w <= end; i += 4 * w)
        {
            TVector x0 = TMachine.Load(Input, i), x1 = TMachine.Load(Input, i + w);
            TVector x2 = TMachine.Load(Input, i + 2 * w), x3 = TMachine.Load(Input, i + 3 * w);
            TMachine.Store(Output, i, TActivation.Forward<TMachine, TVector>(x0, Slope));
            TMachine.Store(Output, i + w, TActivation.Forward<TMachine, TVector>(x1, Slope));
            TMachine.Store(Output, i + 2 * w, TActivation.Forward<TMachine, TVector>(x2, Slope));
            TMachine.Store(Output, i + 3 * w, TActivation.Forward<TMachine, TVector>(x3, Slope));
        }

        for (; i + w <= end; i += w) TMachine.Store(Output, i, TActivation.Forward<TMachine, TVector>(TMachine.Load(Input, i), Slope));
        if (i < end) TMachine.StorePartial(Output, i, TActivation.Forward<TMachine, TVector>(TMachine.LoadPartial(Input, i, end - i), Slope), end - i);
    }
}

/// <summary>
/// InputGradient = OutputGradient * f', element by element, f' from <see cref="Saved"/> (see <see cref="IActivation.Backward"/>).
/// InputGradient may be OutputGradient. An item is <see cref="Words"/> elements.
/// </summary>
public struct ActivationBackward<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Elements.</summary>
    public TMachine Saved, OutputGradient, InputGradient;

    /// <summary>How many elements, and how many of them an item handles: a multiple of the vector width.</summary>
    public int Count, Words;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var w = TMachine.Width;
        var i = item * Words;
        var end = i + Math.Min(Words, Count - i);
        for (; i + 2 * w <= end; i += 2 * w)
        {
            TVector y0 = TMachine.Load(Saved, i), y1 = TMachine.Load(Saved, i + w);
            TVector g0 = TMachine.Load(OutputGradient, i), g1 = TMachine.Load(OutputGradient, i + w);
            TMachine.Store(InputGradient, i, TActivation.Backward<TMachine, TVector>(y0, g0, Slope));
            TMachine.Store(InputGradient, i + w, TActivation.Backward<TMachine, TVector>(y1, g1, Slope));
        }

        if (i + w <= end)
        {
            TMachine.Store(InputGradient, i, TActivation.Backward<TMachine, TVector>(TMachine.Load(Saved, i), TMachine.Load(OutputGradient, i), Slope));
            i += w;
        }

        if (i >= end) return;
        var rest = end - i;
        var gradient = TActivation.Backward<TMachine, TVector>(TMachine.LoadPartial(Saved, i, rest), TMachine.LoadPartial(OutputGradient, i, rest), Slope);
        TMachine.StorePartial(InputGradient, i, gradient, rest);
    }
}
