using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Activations;

/// <summary>
/// Where a backward kernel puts the gradient with respect to its input x. Where x = f(z) came from a fused activation, it is multiplied by f' on the
/// way, so that no pass of its own is needed for f; where x has several consumers, it is added to what the others left.
/// </summary>
internal struct GradientWriter<TBackend, TVector, TActivation>
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
    where TActivation : struct, IActivation
{
    /// <summary>The gradient, and x = f(z), which is read only where <see cref="Gated"/>.</summary>
    public TBackend Gradient, Value;

    /// <summary>See <see cref="Activation.Slope"/>.</summary>
    public float Slope;

    /// <summary>1: multiply by f', the derivative of the activation that gave x. (ILGPU takes no bool in an argument.)</summary>
    public int Gated;

    /// <summary>1: add to what is there, instead of overwriting it.</summary>
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

    /// <summary>Adds to the gradient of a vector of elements, whatever <see cref="Accumulate"/> says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Add<TAccess>(int index, int count, TVector gradient)
        where TAccess : struct, IVectorAccess
    {
        var sum = TBackend.Add(TAccess.Load<TBackend, TVector>(Gradient, index, count), ApplyGate<TAccess>(index, count, gradient));
        TAccess.Store(Gradient, index, sum, count);
    }

    /// <summary>Writes zeros to elements that no gradient reaches, or leaves them as they are where this <see cref="Accumulate"/>s.</summary>
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

/// <summary>The host's side of <see cref="GradientWriter{TBackend,TVector,TActivation}"/>.</summary>
/// <param name="Gradient">the gradient with respect to x</param>
/// <param name="Gate">f of x = f(z); <see cref="Activation.None"/> for no gate</param>
/// <param name="Value">x; not looked at without a gate</param>
/// <param name="Accumulate">add to the gradient instead of overwriting it</param>
internal readonly record struct GradientTarget(DeviceView Gradient, Activation Gate, DeviceView Value, bool Accumulate)
{
    /// <summary>Checks lengths, and that the gate's derivative can be had from its value.</summary>
    /// <exception cref="ArgumentException">a view has another length, or the gate's derivative needs z</exception>
    public GradientTarget Require(int length, string gradientName, string valueName)
    {
        Gradient.Require(length, gradientName);
        if (Gate.Kind == ActivationKind.Identity) return this;
        if (!Gate.DerivativeFromOutput)
        {
            throw new ArgumentException(
                $"the derivative of {Gate.Kind} cannot be computed from its value: pass no gate, and run the activation's backward pass by itself", "gate");
        }

        Value.Require(length, valueName);
        return this;
    }

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
