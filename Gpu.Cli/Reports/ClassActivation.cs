using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Runs;

namespace Gpu.Cli.Reports;

/// <summary>
/// Grad-CAM: which parts of a picture speak for a class. The channels of the last convolution's output are weighted by the mean gradient of the class's output
/// with respect to them. A 1x1 depthwise convolution in front of the remaining layers, with weights 1, gives that gradient as that of its bias.
/// Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", 2017.
/// </summary>
internal sealed class ClassActivation : IDisposable
{
    private const string Probe = "gradcam";

    private readonly RunFolder _run;
    private readonly Network _head;
    private readonly Network _tail;
    private readonly StepRunner _headRunner;
    private readonly StepRunner _tailRunner;

    private ClassActivation(RunFolder run, Network head, Network tail)
    {
        (_run, _head, _tail) = (run, head, tail);
        _headRunner = new StepRunner(head, 1, new TrainingOptions { Dropout = 0 });
        // Frozen batch normalization uses its running statistics, as in evaluation.
        string[] frozen = [.. tail.Model.Nodes.Skip(1).Where(node => node.ParameterCount > 0).Select(node => node.Name)];
        _tailRunner = new StepRunner(tail, 1, new TrainingOptions { Dropout = 0, Freeze = frozen });
    }

    /// <summary>Prepares the networks; null if there is no convolution whose output has a height and width.</summary>
    public static ClassActivation? Create(RunFolder run, ComputeDevice device)
    {
        var nodes = run.Model.Nodes;
        var cut = nodes.Count - 1;
        while (cut > 0 && !(HasConvolution(nodes[cut]) && nodes[cut].Output is { IsImage: true, Height: > 1, Width: > 1 })) cut--;
        if (cut <= 0 && !(nodes.Count > 1 && HasConvolution(nodes[0]))) return null;
        // Normalization and activation belong to the convolution.
        while (cut + 1 < nodes.Count - 1 && nodes[cut + 1].Layer is BatchNormLayer or ActivationLayer) cut++;
        if (!nodes[cut].Output.IsImage || cut + 1 >= nodes.Count) return null;
        var channels = nodes[cut].Output.Channels;
        var head = PartialModel.Head(run, cut + 1, device);
        var probe = new Conv2dLayer { Name = Probe, Channels = channels, Kernel = 1, Groups = channels };
        var tail = PartialModel.Tail(run, cut + 1, probe, device);
        tail.SetParameter($"{Probe}.weight", [.. Enumerable.Repeat(1f, channels)]);
        tail.SetParameter($"{Probe}.bias", new float[channels]);
        return new ClassActivation(run, head, tail);
    }

    /// <summary>The heat map of a picture.</summary>
    /// <param name="split">the pictures</param>
    /// <param name="index">which of them</param>
    /// <param name="label">the class</param>
    /// <returns>values of 0 to 1, height x width of the last convolution's output, and its height and width</returns>
    public (double[] Values, int Height, int Width) Map(ImageSplit split, int index, int label)
    {
        var input = PartialModel.Inputs(_run, split.Select([index]));
        var shape = _head.Model.Output;
        _headRunner.SetBatch(input, new float[shape.Length]);
        var features = _headRunner.Evaluate();
        _tailRunner.SetBatch(features, new float[_tail.Model.Output.Length]);
        // With the mean squared error, a target 1 below the output gives a gradient for this output alone.
        var outputs = _tailRunner.Evaluate();
        outputs[label] -= 1;
        _tailRunner.SetTargets(outputs);
        _tail.SetParameter($"{Probe}.bias", new float[shape.Channels]);
        var before = _tail.GetGradient($"{Probe}.bias");
        _tailRunner.ForwardBackward();
        var gradient = _tail.GetGradient($"{Probe}.bias");
        var map = new double[shape.Height * shape.Width];
        for (var i = 0; i < map.Length; i++)
        {
            for (var c = 0; c < shape.Channels; c++) map[i] += (gradient[c] - before[c]) * features[i * shape.Channels + c];
            map[i] = Math.Max(0, map[i]);
        }

        var largest = map.Max();
        return ([.. map.Select(value => largest > 0 ? value / largest : 0)], shape.Height, shape.Width);
    }

    public void Dispose()
    {
        _headRunner.Dispose();
        _tailRunner.Dispose();
        _head.Dispose();
        _tail.Dispose();
    }

    private static bool HasConvolution(LayerNode node) => node.Flatten().Any(one => one.Layer is ConvolutionLayer);
}
