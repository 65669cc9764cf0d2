using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;
using Gpu.Training.Weights;

namespace Gpu.Cli.Reports;

/// <summary>Parts of a trained network, as networks of their own with the same weights.</summary>
internal static class PartialModel
{
    /// <summary>The first layers of a run's network with its best weights.</summary>
    /// <param name="run">the run</param>
    /// <param name="layers">number of layers</param>
    /// <param name="device">the device</param>
    public static Network Head(RunFolder run, int layers, ComputeDevice device) => Create(run, run.Model.Input, run.Model.Layers.Take(layers), [], 0, device);

    /// <summary>The last layers of a run's network with its best weights.</summary>
    /// <param name="run">the run</param>
    /// <param name="layers">number of layers before them</param>
    /// <param name="probe">a layer in front of them</param>
    /// <param name="device">the device</param>
    public static Network Tail(RunFolder run, int layers, Layer probe, ComputeDevice device) =>
        Create(run, run.Model.Nodes[layers - 1].Output, run.Model.Layers.Skip(layers), [probe], layers, device);

    /// <summary>The inputs of samples as the network takes them, samples x input length.</summary>
    public static float[] Inputs(RunFolder run, DataSplit split)
    {
        if (split is TableSplit table) return run.Configuration.Table!.Standardize(table);
        var images = (ImageSplit)split;
        var (mean, deviation) = run.Configuration.Normalization;
        var values = new float[images.Count * images.ImageSize];
        var pixels = new byte[images.ImageSize];
        for (var i = 0; i < images.Count; i++)
        {
            images.CopyImage(i, pixels);
            for (var k = 0; k < pixels.Length; k++)
            {
                var channel = k % mean.Length;
                values[i * pixels.Length + k] = (float)((pixels[k] / 255.0 - mean[channel]) / deviation[channel]);
            }
        }

        return values;
    }

    private static Network Create(RunFolder run, TensorShape input, IEnumerable<Layer> layers, Layer[] before, int skipped, ComputeDevice device)
    {
        var recipe = run.Model.Recipe with { Loss = LossKind.MeanSquaredError };
        var model = new Model(run.Model.Name, input, recipe, [.. before, .. layers]);
        var network = new Network(model, device);
        using var reader = new SafeTensorsReader(run.BestWeights);
        // Names count the layers of a kind, so that those of the last layers differ; the order is the same.
        var own = model.Nodes.Skip(before.Length).SelectMany(node => node.Flatten()).SelectMany(node => node.Parameters);
        var source = run.Model.Nodes.Skip(skipped).SelectMany(node => node.Flatten()).SelectMany(node => node.Parameters);
        foreach (var (mine, theirs) in own.Zip(source)) network.SetParameter(mine.Name, reader.ReadFloats(theirs.Name));
        return network;
    }
}
