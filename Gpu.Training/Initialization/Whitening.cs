using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Models;

namespace Gpu.Training.Initialization;

/// <summary>
/// Whitening filters for the first convolution: the eigenvectors of the second moment of the patches of training images, divided by the root of their
/// eigenvalues, so that the outputs are uncorrelated with variance 1. Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, after Page,
/// "How to train your ResNet", 2019.
/// </summary>
internal static class Whitening
{
    // As in the source: the first images, and a floor for small eigenvalues, whose directions are noise.
    private const int MostImages = 5000;
    private const double Floor = 5e-4;

    /// <summary>The name of the weights that are whitened.</summary>
    /// <exception cref="ModelException">the first layer is no convolution that can be whitened</exception>
    public static string ParameterOf(Model model)
    {
        var node = model.Nodes[0];
        if (node.Layer is not Conv2dLayer { Groups: 1 } layer || layer.Dilation.Height != 1 || layer.Dilation.Width != 1)
        {
            throw new ModelException(
                $"Whitening needs a convolution as the first layer, without groups and dilation, but the model '{model.Name}' begins with {node.Name} "
                + $"({node.Kind}). Omit it.");
        }

        var length = layer.Kernel.Height * layer.Kernel.Width * model.Input.Channels;
        if (node.Output.Channels > 2 * length)
        {
            throw new ModelException(
                $"Whitening gives at most {2 * length} filters, the eigenvectors of patches of {layer.Kernel.Height}x{layer.Kernel.Width}x"
                + $"{model.Input.Channels} values and their negatives, but {node.Name} has {node.Output.Channels}. Give it fewer, or omit whitening.");
        }

        return node.Parameter("weight").Name;
    }

    /// <summary>
    /// The weights [kernel height, kernel width, input channels, filters]: the eigenvectors with the largest eigenvalues, and then, if there are more filters
    /// than eigenvectors, the negatives of the first of them.
    /// </summary>
    public static float[] Weights(Model model, ImageDataset data)
    {
        ParameterOf(model);
        var layer = (Conv2dLayer)model.Nodes[0].Layer;
        var filters = model.Nodes[0].Output.Channels;
        var moment = PatchMoment(data, layer.Kernel.Height, layer.Kernel.Width, out var length);
        var (values, vectors) = SymmetricEigen(moment, length);
        var order = Enumerable.Range(0, length).OrderByDescending(i => values[i]).ToArray();
        var weights = new float[length * filters];
        for (var filter = 0; filter < filters; filter++)
        {
            var column = order[filter % length];
            // A vector and its negative are both eigenvectors: the largest component decides.
            var largest = Enumerable.Range(0, length).MaxBy(row => Math.Abs(vectors[row * length + column]));
            var sign = vectors[largest * length + column] < 0 ? -1 : 1;
            var scale = sign * (filter < length ? 1 : -1) / Math.Sqrt(Math.Max(values[column], 0) + Floor);
            for (var row = 0; row < length; row++) weights[row * filters + filter] = (float)(vectors[row * length + column] * scale);
        }

        return weights;
    }

    private static double[] PatchMoment(ImageDataset data, int kernelHeight, int kernelWidth, out int length)
    {
        var (split, statistics) = (data.Train, data.Statistics);
        var (height, width, channels) = (split.Height, split.Width, split.Channels);
        length = kernelHeight * kernelWidth * channels;
        var sums = new double[length * length];
        var pixels = new byte[split.ImageSize];
        var image = new double[split.ImageSize];
        var patch = new double[length];
        var count = Math.Min(split.Count, MostImages);
        var patches = 0L;
        for (var i = 0; i < count; i++)
        {
            split.CopyImage(i, pixels);
            for (var k = 0; k < image.Length; k++)
                image[k] = (pixels[k] / 255.0 - statistics.Mean[k % channels]) / statistics.StandardDeviation[k % channels];
            for (var y = 0; y + kernelHeight <= height; y++)
            {
                for (var x = 0; x + kernelWidth <= width; x++, patches++)
                {
                    for (var row = 0; row < kernelHeight; row++)
                        image.AsSpan(((y + row) * width + x) * channels, kernelWidth * channels).CopyTo(patch.AsSpan(row * kernelWidth * channels));
                    for (var a = 0; a < length; a++)
                        for (var b = a; b < length; b++) sums[a * length + b] += patch[a] * patch[b];
                }
            }
        }

        for (var a = 0; a < length; a++)
            for (var b = a; b < length; b++) sums[a * length + b] = sums[b * length + a] = sums[a * length + b] / Math.Max(patches, 1);
        return sums;
    }

    // Jacobi's method: rotates two axes at a time until the matrix is diagonal. Golub and Van Loan, "Matrix computations", section 8.5.
    private static (double[] Values, double[] Vectors) SymmetricEigen(double[] matrix, int n)
    {
        const int mostSweeps = 60;
        var a = (double[])matrix.Clone();
        var vectors = new double[n * n];
        for (var i = 0; i < n; i++) vectors[i * n + i] = 1;
        for (var sweep = 0; sweep < mostSweeps; sweep++)
        {
            double outside = 0, all = 0;
            for (var i = 0; i < n * n; i++)
            {
                all += a[i] * a[i];
                if (i / n != i % n) outside += a[i] * a[i];
            }

            if (outside <= 1e-28 * all) break;
            for (var p = 0; p < n; p++)
            {
                for (var q = p + 1; q < n; q++)
                {
                    if (a[p * n + q] == 0) continue;
                    var theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                    var tangent = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
                    var cosine = 1 / Math.Sqrt(tangent * tangent + 1);
                    Rotate(a, vectors, n, p, q, cosine, tangent * cosine);
                }
            }
        }

        return ([.. Enumerable.Range(0, n).Select(i => a[i * n + i])], vectors);
    }

    private static void Rotate(double[] a, double[] vectors, int n, int p, int q, double cosine, double sine)
    {
        for (var k = 0; k < n; k++)
            (a[k * n + p], a[k * n + q]) = (cosine * a[k * n + p] - sine * a[k * n + q], sine * a[k * n + p] + cosine * a[k * n + q]);
        for (var k = 0; k < n; k++)
            (a[p * n + k], a[q * n + k]) = (cosine * a[p * n + k] - sine * a[q * n + k], sine * a[p * n + k] + cosine * a[q * n + k]);
        for (var k = 0; k < n; k++)
        {
            (vectors[k * n + p], vectors[k * n + q]) =
                (cosine * vectors[k * n + p] - sine * vectors[k * n + q], sine * vectors[k * n + p] + cosine * vectors[k * n + q]);
        }
    }
}
