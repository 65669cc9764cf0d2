using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Models;

namespace Gpu.Training.Weights;

/// <summary>
/// Computes a batch normalization into the weights and the bias of the layer before it, for evaluation: with s = gamma / sqrt(variance + epsilon),
/// w' = s w and b' = s (b - mean) + beta for each output channel.
/// </summary>
internal static class BatchNormFolding
{
    /// <summary>
    /// The batch normalization that can be computed into a layer: the next layer of the block, if it alone reads the output of a convolution or dense layer
    /// without activation. Null if there is none.
    /// </summary>
    public static LayerNode? NextOf(IReadOnlyList<LayerNode> nodes, int index)
    {
        var activation = nodes[index].Layer switch
        {
            ConvolutionLayer convolution => convolution.Activation,
            DenseLayer dense => dense.Activation,
            _ => (Activation?)null,
        };
        if (activation?.Kind != ActivationKind.Identity || index + 1 >= nodes.Count) return null;
        var next = nodes[index + 1];
        if (next.Layer is not BatchNormLayer || next.Sources is not [var source] || source != index) return null;
        return nodes.Count(node => node.Sources.Contains(index)) == 1 ? next : null;
    }

    /// <summary>The weights and the bias that a layer uses in evaluation: standardized if it standardizes them, with a batch normalization folded.</summary>
    /// <param name="node">the convolution or dense layer</param>
    /// <param name="norm">the batch normalization that is folded; null for none</param>
    /// <param name="read">reads a parameter or running statistic by its full name</param>
    /// <returns>weights in the layout of the parameter; bias [out], null if there is neither a bias nor a normalization</returns>
    public static (float[] Weight, float[]? Bias) WeightsOf(LayerNode node, LayerNode? norm, Func<string, float[]> read)
    {
        var weight = read(node.Parameter("weight").Name);
        if (node.Layer is Conv2dLayer { WeightStandardization: true }) weight = StandardWeights.Of(weight, node.Output.Channels);
        var bias = node.FindParameter("bias") is { } parameter ? read(parameter.Name) : null;
        return norm is null ? (weight, bias) : Fold(node, norm, weight, bias, read);
    }

    private static (float[] Weight, float[] Bias) Fold(LayerNode node, LayerNode norm, float[] weight, float[]? bias, Func<string, float[]> read)
    {
        float[] Of(string name) => read(norm.Parameter(name).Name);
        var (gamma, beta, mean, variance) = (Of("gamma"), Of("beta"), Of("running_mean"), Of("running_variance"));
        double epsilon = ((BatchNormLayer)norm.Layer).Epsilon;
        var channels = gamma.Length;
        var scale = new double[channels];
        var offset = new float[channels];
        for (var c = 0; c < channels; c++)
        {
            scale[c] = gamma[c] / Math.Sqrt(variance[c] + epsilon);
            offset[c] = (float)(scale[c] * ((double)(bias?[c] ?? 0) - mean[c]) + beta[c]);
        }

        var folded = new float[weight.Length];
        if (node.Layer is ConvTranspose2dLayer transposed)
        {
            // [kernel height, kernel width, out / groups, in]: the group of an input channel gives the first output channel of its column.
            var shape = node.Parameter("weight").Shape;
            var (rows, inputs, inputsPerGroup) = (shape[2], shape[3], shape[3] / transposed.Groups);
            for (var i = 0; i < weight.Length; i++)
                folded[i] = (float)(weight[i] * scale[i % inputs / inputsPerGroup * rows + i / inputs % rows]);
        }
        else
        {
            // The output channel is the last axis.
            for (var i = 0; i < weight.Length; i++) folded[i] = (float)(weight[i] * scale[i % channels]);
        }

        return (folded, offset);
    }
}
