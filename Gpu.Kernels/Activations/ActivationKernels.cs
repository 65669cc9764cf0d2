using Gpu.Kernels.Launching;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Activations;

/// <summary>Output = f(input), element by element; an item is <see cref="Unroll"/> vectors. Output may be the input.</summary>
public struct ActivationForward<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Vectors an item handles.</summary>
    public const int Unroll = 4;

    /// <summary>Elements.</summary>
    public TMachine Input, Output;

    /// <summary>How many elements.</summary>
    public int Count;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    public void Run(int item)
    {
        var from = item * Unroll * TMachine.Width;
        for (var u = 0; u < Unroll; u++)
        {
            var i = from + u * TMachine.Width;
            var left = Count - i;
            if (left >= TMachine.Width)
                TMachine.Store(Output, i, TActivation.Forward<TMachine, TVector>(TMachine.Load(Input, i), Slope));
            else if (left > 0)
                TMachine.StorePartial(Output, i, TActivation.Forward<TMachine, TVector>(TMachine.LoadPartial(Input, i, left), Slope), left);
        }
    }
}

/// <summary>
/// InputGradient = OutputGradient * f', element by element, f' from <see cref="Saved"/> (see <see cref="IActivation.Backward"/>).
/// InputGradient may be OutputGradient.
/// </summary>
public struct ActivationBackward<TMachine, TVector, TActivation> : IKernel
    where TMachine : struct, IMachine<TMachine, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>Vectors an item handles.</summary>
    public const int Unroll = 4;

    /// <summary>Elements.</summary>
    public TMachine Saved, OutputGradient, InputGradient;

    /// <summary>How many elements.</summary>
    public int Count;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <inheritdoc/>
    public void Run(int item)
    {
        var from = item * Unroll * TMachine.Width;
        for (var u = 0; u < Unroll; u++)
        {
            var i = from + u * TMachine.Width;
            var left = Count - i;
            if (left >= TMachine.Width)
            {
                var gradient = TActivation.Backward<TMachine, TVector>(TMachine.Load(Saved, i), TMachine.Load(OutputGradient, i), Slope);
                TMachine.Store(InputGradient, i, gradient);
            }
            else if (left > 0)
            {
                var saved = TMachine.LoadPartial(Saved, i, left);
                var gradient = TActivation.Backward<TMachine, TVector>(saved, TMachine.LoadPartial(OutputGradient, i, left), Slope);
                TMachine.StorePartial(InputGradient, i, gradient, left);
            }
        }
    }
}
