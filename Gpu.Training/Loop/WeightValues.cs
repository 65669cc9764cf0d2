using System.Numerics;
using System.Runtime.InteropServices;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Weights;

namespace Gpu.Training.Loop;

/// <summary>Host copy of a network's parameters and running statistics, in the layout of <see cref="ParameterMemory"/>.</summary>
/// <param name="Values">The trainable parameters.</param>
/// <param name="Statistics">The running statistics.</param>
internal sealed record WeightValues(float[] Values, float[] Statistics)
{
    /// <summary>Copies from the device.</summary>
    public static WeightValues Download(Network network) =>
        new(network.Memory.Download(network.Memory.Values), network.Memory.Download(network.Memory.Statistics));

    /// <summary>Memory for the weights of a network.</summary>
    public static WeightValues Allocate(Network network) => new(new float[network.Memory.Values.Length], new float[network.Memory.Statistics.Length]);

    /// <summary>Copies to the device.</summary>
    public void Upload(Network network)
    {
        network.Device.Upload<float>(Values, network.Memory.Values);
        network.Device.Upload<float>(Statistics, network.Memory.Statistics);
    }

    /// <summary>Whether all numbers are finite.</summary>
    public bool IsFinite() => IsFinite(Values) && IsFinite(Statistics);

    /// <summary>Whether all numbers are finite.</summary>
    public static bool IsFinite(ReadOnlySpan<float> values)
    {
        // x - x is 0 for finite numbers, and NaN for the others.
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var isFinite = true;
        foreach (var vector in vectors) isFinite &= Vector.EqualsAll(vector - vector, Vector<float>.Zero);
        foreach (var value in values[(vectors.Length * Vector<float>.Count)..]) isFinite &= float.IsFinite(value);
        return isFinite;
    }

    /// <summary>The values of each parameter and running statistic of a model, in the order of <see cref="Model.Parameters"/>.</summary>
    public IEnumerable<(ModelParameter Parameter, Memory<float> Values)> Tensors(Model model)
    {
        List<(ModelParameter Parameter, ParameterSegment Segment)> placed = [];
        ParameterMemory.Layout(model, (parameter, segment) => placed.Add((parameter, segment)));
        foreach (var (parameter, segment) in placed)
            yield return (parameter, (parameter.Trainable ? Values : Statistics).AsMemory(segment.Offset, segment.Length));
    }

    /// <summary>Adds all tensors to a file.</summary>
    public void AddTo(SafeTensorsWriter writer, Model model, string prefix = "")
    {
        foreach (var (parameter, values) in Tensors(model)) writer.Add(prefix + parameter.Name, parameter.Shape, values.Span);
    }
}
