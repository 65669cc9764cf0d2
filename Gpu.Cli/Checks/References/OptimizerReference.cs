using Gpu.Kernels;

namespace Gpu.Cli.Checks.References;

/// <summary>The optimizers in double precision, one parameter at a time, as defined in their papers and in PyTorch's documentation.</summary>
internal sealed class OptimizerReference(OptimizerSettings settings, double[] parameters)
{
    private readonly double[] _first = new double[parameters.Length];
    private readonly double[] _second = new double[parameters.Length];

    public double[] Parameters { get; } = [.. parameters];

    public double[] Average { get; } = [.. parameters];

    /// <summary>min(1, maxNorm / (norm + 1e-6)), as in PyTorch's clip_grad_norm_.</summary>
    public static double ClipFactor(IEnumerable<double> gradients, double maxNorm) =>
        Math.Min(1, maxNorm / (Math.Sqrt(gradients.Sum(g => g * g)) + 1e-6));

    /// <summary>One step of parameter <paramref name="i"/> with a gradient that is already scaled and clipped.</summary>
    public void Step(int i, double gradient, double learningRate, int step, SegmentFactors factors)
    {
        var p = Parameters[i];
        var lr = learningRate * factors.LearningRate;
        var g = gradient + factors.CoupledDecay * p + factors.L1Decay * Math.Sign(p);
        var (before, decay) = (p, lr * factors.DecoupledDecay + factors.ConstantDecay);
        if (!settings.CautiousDecay) p *= 1 - decay;
        switch (settings.Kind)
        {
            case OptimizerKind.Sgd:
                p -= lr * g;
                break;
            case OptimizerKind.Momentum:
                _first[i] = settings.Momentum * _first[i] + g;
                p -= lr * _first[i];
                break;
            case OptimizerKind.Nesterov:
                _first[i] = settings.Momentum * _first[i] + g;
                p -= lr * (g + settings.Momentum * _first[i]);
                break;
            case OptimizerKind.RmsProp:
                _first[i] = settings.Alpha * _first[i] + (1 - settings.Alpha) * g * g;
                _second[i] = settings.Momentum * _second[i] + g / (Math.Sqrt(_first[i]) + settings.Epsilon);
                p -= lr * _second[i];
                break;
            case OptimizerKind.Adam:
            case OptimizerKind.AdamW:
                _first[i] = settings.Beta1 * _first[i] + (1 - settings.Beta1) * g;
                _second[i] = settings.Beta2 * _second[i] + (1 - settings.Beta2) * g * g;
                var mean = _first[i] / (1 - Math.Pow(settings.Beta1, step));
                var square = _second[i] / (1 - Math.Pow(settings.Beta2, step));
                p -= lr * mean / (Math.Sqrt(square) + settings.Epsilon);
                break;
            case OptimizerKind.Lion:
                p -= lr * Math.Sign(settings.Beta1 * _first[i] + (1 - settings.Beta1) * g);
                _first[i] = settings.Beta2 * _first[i] + (1 - settings.Beta2) * g;
                break;
            default:
                throw new NotSupportedException(settings.Kind.ToString());
        }

        if (settings.CautiousDecay && (before - p) * before >= 0) p -= decay * before;
        Parameters[i] = p;
        if (settings.EmaDecay is not { } smoothing) return;
        smoothing = Math.Min(smoothing, (1.0 + step) / (10.0 + step));
        Average[i] = smoothing * Average[i] + (1 - smoothing) * p;
    }
}
