using System.Numerics;
using Gpu.Training.Data;

namespace Gpu.Tests.Data;

/// <summary>A linear classifier trained by stochastic gradient descent: the baseline that a data set must be too hard for.</summary>
internal static class SoftmaxRegression
{
    public static double Accuracy(ImageDataset data, int epochs, double learningRate)
    {
        var inputs = data.Train.ImageSize;
        var weights = new float[data.Classes * (inputs + 1)];
        var train = Normalize(data.Train, data.Statistics);
        var order = Enumerable.Range(0, data.Train.Count).ToArray();
        var random = new PortableRandom(1);
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order.AsSpan());
            var rate = learningRate * (1 - ((double)epoch / epochs)) / 10;
            foreach (var index in order)
            {
                var image = train.AsSpan(index * (inputs + 1), inputs + 1);
                var probabilities = Scores(weights, image, data.Classes);
                var largest = probabilities.Max();
                var sum = 0.0;
                for (var c = 0; c < probabilities.Length; c++)
                    sum += probabilities[c] = Math.Exp(probabilities[c] - largest);
                for (var c = 0; c < probabilities.Length; c++)
                {
                    var step = (float)(rate * ((c == data.Train.Labels[index] ? 1 : 0) - (probabilities[c] / sum)));
                    var row = weights.AsSpan(c * (inputs + 1), inputs + 1);
                    AddScaled(row, image, step);
                }
            }
        }

        var test = Normalize(data.Test, data.Statistics);
        var correct = 0;
        for (var i = 0; i < data.Test.Count; i++)
        {
            var scores = Scores(weights, test.AsSpan(i * (inputs + 1), inputs + 1), data.Classes);
            correct += Array.IndexOf(scores, scores.Max()) == data.Test.Labels[i] ? 1 : 0;
        }

        return (double)correct / data.Test.Count;
    }

    private static double[] Scores(float[] weights, ReadOnlySpan<float> image, int classes)
    {
        var scores = new double[classes];
        for (var c = 0; c < classes; c++)
            scores[c] = Dot(weights.AsSpan(c * image.Length, image.Length), image);
        return scores;
    }

    // Pixels with mean 0 and standard deviation 1, and a 1 after each image for the bias.
    private static float[] Normalize(ImageSplit split, ChannelStatistics statistics)
    {
        var result = new float[split.Count * (split.ImageSize + 1)];
        for (var i = 0; i < split.Count; i++)
        {
            var target = result.AsSpan(i * (split.ImageSize + 1), split.ImageSize + 1);
            var image = split.Image(i);
            for (var k = 0; k < image.Length; k++)
                target[k] = ((image[k] / 255f) - statistics.Mean[0]) / statistics.StandardDeviation[0];
            target[^1] = 1;
        }

        return result;
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = Vector<float>.Zero;
        var width = Vector<float>.Count;
        var i = 0;
        for (; i <= a.Length - width; i += width)
            sum += new Vector<float>(a[i..]) * new Vector<float>(b[i..]);
        var total = Vector.Sum(sum);
        for (; i < a.Length; i++)
            total += a[i] * b[i];
        return total;
    }

    private static void AddScaled(Span<float> target, ReadOnlySpan<float> values, float factor)
    {
        var width = Vector<float>.Count;
        var i = 0;
        for (; i <= target.Length - width; i += width)
            (new Vector<float>(target[i..]) + (new Vector<float>(values[i..]) * factor)).CopyTo(target[i..]);
        for (; i < target.Length; i++)
            target[i] += values[i] * factor;
    }
}
