using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Optimizers;

/// <summary>p -= lr g.</summary>
internal readonly struct SgdRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 0;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        parameter = TBackend.MultiplyAdd(gradient, TBackend.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>m = mu m + g; p -= lr m. The first step sets m = g, as PyTorch does.</summary>
internal readonly struct MomentumRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        first = TBackend.MultiplyAdd(first, TBackend.Splat(constants.Momentum), gradient);
        parameter = TBackend.MultiplyAdd(first, TBackend.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>m = mu m + g; p -= lr (g + mu m).</summary>
internal readonly struct NesterovRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        first = TBackend.MultiplyAdd(first, TBackend.Splat(constants.Momentum), gradient);
        var ahead = TBackend.MultiplyAdd(first, TBackend.Splat(constants.Momentum), gradient);
        parameter = TBackend.MultiplyAdd(ahead, TBackend.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>v = alpha v + (1 - alpha) g^2; p -= lr g / (sqrt v + eps).</summary>
internal readonly struct RmsPropRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        first = UpdateMath.MeanSquare<TBackend, TVector>(first, gradient, constants);
        var root = TBackend.Add(TBackend.Sqrt(first), TBackend.Splat(constants.Epsilon));
        parameter = TBackend.MultiplyAdd(TBackend.Divide(gradient, root), TBackend.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>v = alpha v + (1 - alpha) g^2; m = mu m + g / (sqrt v + eps); p -= lr m.</summary>
internal readonly struct RmsPropMomentumRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 2;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        first = UpdateMath.MeanSquare<TBackend, TVector>(first, gradient, constants);
        var root = TBackend.Add(TBackend.Sqrt(first), TBackend.Splat(constants.Epsilon));
        second = TBackend.MultiplyAdd(second, TBackend.Splat(constants.Momentum), TBackend.Divide(gradient, root));
        parameter = TBackend.MultiplyAdd(second, TBackend.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= lr / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps).</summary>
internal readonly struct AdamRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 2;

    /// <inheritdoc/>
    public static bool CorrectsBias => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        first = TBackend.MultiplyAdd(first, TBackend.Splat(constants.Beta1), TBackend.Multiply(gradient, TBackend.Splat(constants.OneMinusBeta1)));
        second = UpdateMath.MeanSquare<TBackend, TVector>(second, gradient, constants);
        var root = TBackend.MultiplyAdd(TBackend.Sqrt(second), TBackend.Splat(constants.InverseRootCorrection), TBackend.Splat(constants.Epsilon));
        parameter = TBackend.MultiplyAdd(TBackend.Divide(first, root), TBackend.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>p -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g. sign(0) is 0, and sign(NaN) is NaN.</summary>
internal readonly struct LionRule : IUpdateRule
{
    /// <inheritdoc/>
    public static int States => 1;

    /// <inheritdoc/>
    public static bool CorrectsBias => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Update<TBackend, TVector>(
        ref TVector parameter, TVector gradient, ref TVector first, ref TVector second, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var blend = TBackend.MultiplyAdd(first, TBackend.Splat(constants.Beta1), TBackend.Multiply(gradient, TBackend.Splat(constants.OneMinusBeta1)));
        first = TBackend.MultiplyAdd(first, TBackend.Splat(constants.Beta2), TBackend.Multiply(gradient, TBackend.Splat(constants.OneMinusBeta2)));
        parameter = TBackend.MultiplyAdd(UpdateMath.Sign<TBackend, TVector>(blend), TBackend.Splat(-constants.StepSize), parameter);
    }
}

/// <summary>Functions that several rules use.</summary>
internal static class UpdateMath
{
    /// <summary>The moving average of squares, b2 v + (1 - b2) g^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector MeanSquare<TBackend, TVector>(TVector mean, TVector gradient, in UpdateConstants constants)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var part = TBackend.Multiply(gradient, TBackend.Splat(constants.OneMinusBeta2));
        return TBackend.MultiplyAdd(part, gradient, TBackend.Multiply(mean, TBackend.Splat(constants.Beta2)));
    }

    /// <summary>-1, 0 or 1; NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sign<TBackend, TVector>(TVector x)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var notPositive = TBackend.SelectGreater(TBackend.Zero, x, TBackend.Splat(-1f), x);
        return TBackend.SelectGreater(x, TBackend.Zero, TBackend.Splat(1f), notPositive);
    }
}
