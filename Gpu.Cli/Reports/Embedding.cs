using System.Numerics;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;

namespace Gpu.Cli.Reports;

/// <summary>The outputs of the last hidden layer, projected to their two principal components.</summary>
/// <param name="Split">the samples</param>
/// <param name="X">the first component of each sample</param>
/// <param name="Y">the second component of each sample</param>
/// <param name="Explained">the share of the variance that the two have, 0 to 1</param>
internal sealed record Embedding(DataSplit Split, double[] X, double[] Y, double Explained)
{
    private const int Iterations = 60;
    private const int Batch = 100;

    /// <summary>Computes the embedding; null if the network has no hidden layer.</summary>
    /// <param name="predictor">the run</param>
    /// <param name="split">the samples</param>
    /// <param name="device">the device</param>
    public static Embedding? Compute(Predictor predictor, DataSplit split, ComputeDevice device)
    {
        var model = predictor.Run.Model;
        var last = model.Layers.Count - 1;
        while (last >= 0 && model.Layers[last] is not DenseLayer) last--;
        if (last < 1 || split.Count < 3 || model.Nodes.Take(last).All(node => node.ParameterCount == 0)) return null;
        using var network = PartialModel.Head(predictor.Run, last, device);
        var values = Outputs(network, PartialModel.Inputs(predictor.Run, split), split.Count);
        var length = values.Length / split.Count;
        for (var k = 0; k < length; k++)
        {
            var mean = 0.0;
            for (var i = 0; i < split.Count; i++) mean += values[i * length + k];
            mean /= split.Count;
            for (var i = 0; i < split.Count; i++) values[i * length + k] -= (float)mean;
        }

        // The scores are eigenvectors of the matrix of inner products, which is small whatever the length.
        var gram = new double[split.Count, split.Count];
        for (var i = 0; i < split.Count; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                gram[i, j] = gram[j, i] = Dot(values.AsSpan(i * length, length), values.AsSpan(j * length, length));
            }
        }

        var trace = Enumerable.Range(0, split.Count).Sum(i => gram[i, i]);
        if (!(trace > 0)) return null;
        var (x, first) = Component(gram);
        var (y, second) = Component(gram);
        return new Embedding(split, x, y, (first + second) / trace);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var (sum, i) = (Vector<float>.Zero, 0);
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count) sum += new Vector<float>(a[i..]) * new Vector<float>(b[i..]);
        double total = Vector.Sum(sum);
        for (; i < a.Length; i++) total += a[i] * b[i];
        return total;
    }

    private static float[] Outputs(Gpu.Training.Planning.Network network, float[] inputs, int count)
    {
        using var runner = new StepRunner(network, Math.Min(Batch, count), new TrainingOptions { Dropout = 0 });
        var (length, outputs) = (network.Model.Input.Length, network.Model.Output.Length);
        var all = new float[count * outputs];
        for (var from = 0; from < count; from += Batch)
        {
            var size = Math.Min(Batch, count - from);
            runner.SetBatch(inputs.AsSpan(from * length, size * length), new float[size * outputs]);
            runner.Evaluate().CopyTo(all, from * outputs);
        }

        return all;
    }

    // The largest eigenvector by power iteration, scaled to scores; it is removed from the matrix.
    private static (double[] Scores, double Eigenvalue) Component(double[,] gram)
    {
        var n = gram.GetLength(0);
        var vector = Enumerable.Range(0, n).Select(i => Math.Sin(i + 1.0)).ToArray();
        var value = 0.0;
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            var next = new double[n];
            for (var i = 0; i < n; i++)
                for (var j = 0; j < n; j++) next[i] += gram[i, j] * vector[j];
            value = Math.Sqrt(next.Sum(one => one * one));
            if (value == 0) break;
            for (var i = 0; i < n; i++) vector[i] = next[i] / value;
        }

        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++) gram[i, j] -= value * vector[i] * vector[j];
        return ([.. vector.Select(one => one * Math.Sqrt(value))], value);
    }
}
