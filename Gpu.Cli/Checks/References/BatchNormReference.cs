using Gpu.Kernels;

namespace Gpu.Cli.Checks.References;

/// <summary>Batch normalization with an activation, in double precision.</summary>
internal sealed class BatchNormReference
{
    private readonly int _rows;
    private readonly int _channels;
    private readonly float[] _input;
    private readonly float[] _gamma;
    private readonly Activation _activation;
    private readonly double[] _deviation;
    private readonly double[] _sums;

    public BatchNormReference(int rows, int channels, float[] input, float[] gamma, float[] beta, Activation activation, double epsilon)
    {
        (_rows, _channels, _input, _gamma, _activation) = (rows, channels, input, gamma, activation);
        Mean = new double[channels];
        Variance = new double[channels];
        for (var i = 0; i < input.Length; i++) Mean[i % channels] += (double)input[i] / rows;
        for (var i = 0; i < input.Length; i++) Variance[i % channels] += Math.Pow(input[i] - Mean[i % channels], 2) / rows;
        _deviation = [.. Variance.Select(v => Math.Sqrt(v + epsilon))];
        _sums = [.. input.Select((x, i) => Normal(i) * gamma[i % channels] + beta[i % channels])];
        Output = [.. _sums.Select(z => ActivationReference.Value(activation, z))];
    }

    public double[] Mean { get; }

    public double[] Variance { get; }

    public double[] Output { get; }

    public double[] InputGradient { get; private set; } = [];

    /// <summary>
    /// The largest term of the difference that gives the input gradient. With few rows the terms nearly cancel, so errors are relative to the terms.
    /// </summary>
    public double InputGradientTerms { get; private set; }

    public double[] GammaGradient { get; private set; } = [];

    public double[] BetaGradient { get; private set; } = [];

    public void Backward(float[] outputGradient, Activation gate)
    {
        GammaGradient = new double[_channels];
        BetaGradient = new double[_channels];
        var before = new double[_input.Length];
        for (var i = 0; i < before.Length; i++)
        {
            before[i] = outputGradient[i] * ActivationReference.Derivative(_activation, _sums[i]);
            BetaGradient[i % _channels] += before[i];
            GammaGradient[i % _channels] += before[i] * Normal(i);
        }

        InputGradient = new double[_input.Length];
        for (var i = 0; i < before.Length; i++)
        {
            var c = i % _channels;
            InputGradientTerms = Math.Max(InputGradientTerms, Math.Abs(_gamma[c] / _deviation[c] * before[i]));
            var gradient = _gamma[c] / _deviation[c] * (before[i] - BetaGradient[c] / _rows - Normal(i) * GammaGradient[c] / _rows);
            InputGradient[i] = gradient * (gate.Kind == ActivationKind.Relu ? (_input[i] > 0 ? 1 : 0) : 1);
        }
    }

    private double Normal(int i) => (_input[i] - Mean[i % _channels]) / _deviation[i % _channels];
}
