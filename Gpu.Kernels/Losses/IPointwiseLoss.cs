using System.Runtime.CompilerServices;
using Gpu.Kernels.Machines;

namespace Gpu.Kernels.Losses;

/// <summary>A loss that is a sum over the elements of prediction and target, as a type.</summary>
public interface IPointwiseLoss
{
    /// <summary>The loss of each lane, and its derivative with respect to the prediction.</summary>
    static abstract TVector Evaluate<TMachine, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged;
}

/// <summary>(prediction - target)^2.</summary>
public readonly struct SquaredError : IPointwiseLoss
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Evaluate<TMachine, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var difference = TMachine.Subtract(prediction, target);
        derivative = TMachine.Add(difference, difference);
        return TMachine.Multiply(difference, difference);
    }
}

/// <summary>
/// -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)) of a logit x, as max(x, 0) - x t + log(1 + e^-|x|), which neither overflows nor cancels;
/// the derivative is sigmoid(x) - t.
/// </summary>
public readonly struct LogitCrossEntropy : IPointwiseLoss
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Evaluate<TMachine, TVector>(TVector prediction, TVector target, out TVector derivative)
        where TMachine : struct, IMachine<TMachine, TVector>
        where TVector : unmanaged
    {
        var x = prediction;
        var one = TMachine.Splat(1f);
        var e = Elementary<TMachine, TVector>.Exp(TMachine.Subtract(TMachine.Zero, TMachine.Abs(x)));
        var u = TMachine.Add(one, e);
        var small = TMachine.Divide(e, u);
        var sigmoid = TMachine.SelectGreater(TMachine.Zero, x, small, TMachine.Subtract(one, small));
        // NaN goes through on every machine; GPUs' min and max, inside Exp, would drop it.
        derivative = TMachine.SelectEqual(x, x, TMachine.Subtract(sigmoid, target), x);

        // log(1 + e) keeps its digits for small e by the factor e / (u - 1), the rounding of 1 + e undone; source: W. Kahan (HP-15C handbook).
        var correction = TMachine.Divide(e, TMachine.Subtract(u, one));
        var softplus = TMachine.SelectEqual(u, one, e, TMachine.Multiply(Elementary<TMachine, TVector>.Log(u), correction));
        var linear = TMachine.Subtract(TMachine.SelectGreater(x, TMachine.Zero, x, TMachine.Zero), TMachine.Multiply(x, target));
        return TMachine.Add(linear, softplus);
    }
}
