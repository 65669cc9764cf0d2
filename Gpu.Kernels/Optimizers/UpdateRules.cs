using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Optimizers;

/// <summary>p -= lr g.</summary>
public readonly struct SgdRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 0;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TMachine, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        parameter = TMachine.MultiplyAdd(gradient, TMachine.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>m = mu m + g; p -= lr m. The first step sets m = g, as PyTorch does.</summary>
public readonly struct MomentumRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TMachine, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        first = TMachine.MultiplyAdd(first, TMachine.Splat(constants.Momentum), gradient);
        parameter = TMachine.MultiplyAdd(first, TMachine.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>m = mu m + g; p -= lr (g + mu m).</summary>
public readonly struct NesterovRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TMachine, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        first = TMachine.MultiplyAdd(first, TMachine.Splat(constants.Momentum), gradient);
        var ahead = TMachine.MultiplyAdd(first, TMachine.Splat(constants.Momentum), gradient);
        parameter = TMachine.MultiplyAdd(ahead, TMachine.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>v = alpha v + (1 - alpha) g^2; p -= lr g / (sqrt v + eps).</summary>
public readonly struct RmsPropRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TMachine, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        first = UpdateMeans.Square<TMachine, TVector>(first, gradient, constants);
        var root = TMachine.Add(TMachine.Sqrt(first), TMachine.Splat(constants.Epsilon));
        parameter = TMachine.MultiplyAdd(TMachine.Divide(gradient, root), TMachine.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>v = alpha v + (1 - alpha) g^2; m = mu m + g / (sqrt v + eps); p -= lr m.</summary>
public readonly struct RmsPropMomentumRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 2;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TMachine, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        first = UpdateMeans.Square<TMachine, TVector>(first, gradient, constants);
        var root = TMachine.Add(TMachine.Sqrt(first), TMachine.Splat(constants.Epsilon));
        second = TMachine.MultiplyAdd(second, TMachine.Splat(constants.Momentum), TMachine.Divide(gradient, root));
        parameter = TMachine.MultiplyAdd(second, TMachine.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps).</summary>
public readonly struct AdamRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 2;

    /// <inheritdoc/>
    public static bool CorrectsBias => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TMachine, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        first = TMachine.MultiplyAdd(first, TMachine.Splat(constants.Beta1), TMachine.Multiply(gradient, TMachine.Splat(constants.OneMinusBeta1)));
        second = UpdateMeans.Square<TMachine, TVector>(second, gradient, constants);
        var root = TMachine.MultiplyAdd(TMachine.Sqrt(second), TMachine.Splat(constants.InverseRootCorrection), TMachine.Splat(constants.Epsilon));
        parameter = TMachine.MultiplyAdd(TMachine.Divide(first, root), TMachine.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>p -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g. The sign of 0 is 0, and that of NaN NaN.</summary>
public readonly struct LionRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TMachine, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var blend = TMachine.MultiplyAdd(first, TMachine.Splat(constants.Beta1), TMachine.Multiply(gradient, TMachine.Splat(constants.OneMinusBeta1)));
        first = TMachine.MultiplyAdd(first, TMachine.Splat(constants.Beta2), TMachine.Multiply(gradient, TMachine.Splat(constants.OneMinusBeta2)));
        parameter = TMachine.MultiplyAdd(UpdateMeans.Sign<TMachine, TVector>(blend), TMachine.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>What several rules have in common.</summary>
internal static class UpdateMeans
{
    /// <summary>The running mean of squares b2 v + (1 - b2) g^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Square<TMachine, TVector>(TVector mean, TVector gradient, in UpdateConstants constants)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var part = TMachine.Multiply(gradient, TMachine.Splat(constants.OneMinusBeta2));
        return TMachine.MultiplyAdd(part, gradient, TMachine.Multiply(mean, TMachine.Splat(constants.Beta2)));
    }

    /// <summary>-1, 0 or 1; NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sign<TMachine, TVector>(TVector x)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var notAbove = TMachine.SelectGreater(TMachine.Zero, x, TMachine.Splat(-1f), x);
        return TMachine.SelectGreater(x, TMachine.Zero, TMachine.Splat(1f), notAbove);
    }
}
