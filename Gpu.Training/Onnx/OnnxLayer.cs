using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Shapes;

namespace Gpu.Training.Onnx;

/// <summary>A value of an ONNX graph.</summary>
/// <param name="Layer">name of the layer that it is the output of</param>
/// <param name="Shape">its shape</param>
internal sealed record OnnxValue(string Layer, TensorShape Shape)
{
    /// <summary>The shape of the flattened image, for features in the order channel, height, width; null for other values.</summary>
    public TensorShape? Image { get; init; }

    /// <summary>Whether the graph has the image as [N, H, W, C].</summary>
    public bool IsChannelsLast { get; init; }

    /// <summary>The layer; null for the input of the graph.</summary>
    public OnnxLayer? Draft { get; init; }
}

/// <summary>A layer whose activation and bias are known when the nodes after it are read.</summary>
/// <param name="name">the name that the model gives it</param>
/// <param name="inputs">names of the layers that it reads</param>
/// <param name="create">creates the layer</param>
internal sealed class OnnxLayer(string name, IReadOnlyList<string> inputs, Func<OnnxLayer, Layer> create)
{
    /// <summary>The name that the model gives it.</summary>
    public string Name => name;

    /// <summary>Its activation.</summary>
    public Activation Activation { get; set; } = Activation.None;

    /// <summary>Whether an activation after it becomes its own.</summary>
    public bool HasActivation { get; init; }

    /// <summary>Its parameters by name, in the layout of this program.</summary>
    public Dictionary<string, float[]> Weights { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it has a bias.</summary>
    public bool Bias => Weights.ContainsKey("bias");

    /// <summary>The layers that it reads; null for the layer before it.</summary>
    public IReadOnlyList<string>? Inputs { get; private set; }

    /// <summary>Creates the layer.</summary>
    /// <param name="before">name of the layer before it</param>
    public Layer Create(string before)
    {
        Inputs = Reads(before) ? null : inputs;
        return create(this);
    }

    /// <summary>Whether it reads one layer alone.</summary>
    public bool Reads(string layer) => inputs is [var only] && only == layer;
}
