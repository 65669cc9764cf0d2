using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Activations;

/// <summary>
/// Writes the gradient with respect to the input x of a layer. If x is the output of a fused activation, x = f(z), the gradient is also multiplied by f'(z), so
/// f needs no backward kernel of its own. If x has several consumers, the gradient is added to those of the others.
/// </summary>
internal struct GradientWriter<TBackend, TVector, TActivation>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>The gradient, and x, which is read only if <see cref="Gated"/>.</summary>
    public TBackend Gradient, Value;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>1 to multiply by f'(z), otherwise 0. (ILGPU does not accept bool in kernel arguments.)</summary>
    public int Gated;

    /// <summary>1 to add to the gradient instead of overwriting it, otherwise 0.</summary>
    public int Accumulate;

    /// <summary>Writes or adds the gradient of a vector of elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write<TAccess>(int index, int count, TVector gradient)
        where TAccess : struct, IVectorAccess
    {
        gradient = ApplyGate<TAccess>(index, count, gradient);
        if (Accumulate != 0) gradient = TBackend.Add(TAccess.Load<TBackend, TVector>(Gradient, index, count), gradient);
        TAccess.Store(Gradient, index, gradient, count);
    }

    /// <summary>Adds the gradient of a vector of elements, whatever <see cref="Accumulate"/> is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Add<TAccess>(int index, int count, TVector gradient)
        where TAccess : struct, IVectorAccess
    {
        var sum = TBackend.Add(TAccess.Load<TBackend, TVector>(Gradient, index, count), ApplyGate<TAccess>(index, count, gradient));
        TAccess.Store(Gradient, index, sum, count);
    }

    /// <summary>Writes the gradient of elements that do not contribute to the output: zeros, or nothing if <see cref="Accumulate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WriteZeros(int index, int count)
    {
        if (Accumulate != 0) return;
        var c = 0;
        for (; c + TBackend.Width <= count; c += TBackend.Width) TBackend.Store(Gradient, index + c, TBackend.Zero);
        if (c < count) TBackend.StorePartial(Gradient, index + c, TBackend.Zero, count - c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVector ApplyGate<TAccess>(int index, int count, TVector gradient)
        where TAccess : struct, IVectorAccess =>
        Gated != 0 ? TActivation.Backward<TBackend, TVector>(TAccess.Load<TBackend, TVector>(Value, index, count), gradient, Slope) : gradient;
}

/// <summary>The host side of <see cref="GradientWriter{TBackend,TVector,TActivation}"/>.</summary>
/// <param name="Gradient">receives the gradient with respect to x</param>
/// <param name="Gate">the activation f with x = f(z); <see cref="Activation.None"/> for none</param>
/// <param name="Value">x; ignored without a gate</param>
/// <param name="Accumulate">adds to the gradient instead of overwriting it</param>
internal readonly record struct GradientTarget(DeviceView Gradient, Activation Gate, DeviceView Value, bool Accumulate)
{
    /// <summary>Checks the lengths of the views, and that the gate's derivative can be computed from its output.</summary>
    /// <exception cref="ArgumentException">a view has the wrong length, or the gate's derivative needs z</exception>
    public GradientTarget Require(int length, string gradientName, string valueName)
    {
        Gradient.Require(length, gradientName);
        if (Gate.Kind == ActivationKind.Identity) return this;
        if (!Gate.DerivativeFromOutput)
        {
            throw new ArgumentException(
                $"the derivative of {Gate.Kind} cannot be computed from its output: pass no gate, "
                + "and run the activation's backward pass as a separate operation",
                "gate");
        }

        Value.Require(length, valueName);
        return this;
    }

    /// <summary>The kernel argument.</summary>
    public GradientWriter<TBackend, TVector, TActivation> Bind<TBackend, TVector, TActivation>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
        where TActivation : struct, IActivation
    {
        var gated = Gate.Kind != ActivationKind.Identity;
        return new()
        {
            Gradient = launcher.Bind(Gradient),
            Value = launcher.Bind(gated ? Value : Gradient),
            Slope = Gate.Slope,
            Gated = gated ? 1 : 0,
            Accumulate = Accumulate ? 1 : 0,
        };
    }
}
