using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;

namespace Gpu.Kernels.Losses;

/// <summary>An elementwise loss of prediction and target, as a type. The loss of a sample is the mean over its elements.</summary>
internal interface IPointwiseLoss
{
    /// <summary>The loss of each lane, and its derivative with respect to the prediction.</summary>
    static abstract TVector Evaluate<TBackend, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>(prediction - target)^2.</summary>
internal readonly struct SquaredError : IPointwiseLoss
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Evaluate<TBackend, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var difference = TBackend.Subtract(prediction, target);
        derivative = TBackend.Add(difference, difference);
        return TBackend.Multiply(difference, difference);
    }
}

/// <summary>
/// Binary cross-entropy of a logit x: -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)), computed as max(x, 0) - x t + log(1 + e^-|x|), which neither overflows
/// nor cancels. The derivative is sigmoid(x) - t.
/// </summary>
internal readonly struct LogitCrossEntropy : IPointwiseLoss
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Evaluate<TBackend, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var x = prediction;
        var one = TBackend.Splat(1f);
        var e = VectorMath<TBackend, TVector>.Exp(TBackend.Subtract(TBackend.Zero, TBackend.Abs(x)));
        var u = TBackend.Add(one, e);
        var small = TBackend.Divide(e, u);
        var sigmoid = TBackend.SelectGreater(TBackend.Zero, x, small, TBackend.Subtract(one, small));
        // Propagates NaN explicitly, without relying on the minimum and maximum in Exp.
        derivative = TBackend.SelectEqual(x, x, TBackend.Subtract(sigmoid, target), x);

        var linear = TBackend.Subtract(TBackend.SelectGreater(x, TBackend.Zero, x, TBackend.Zero), TBackend.Multiply(x, target));
        return TBackend.Add(linear, VectorMath<TBackend, TVector>.LogOnePlus(e));
    }
}
