using Gpu.Training.Data;

namespace Gpu.Training.Onnx;

/// <summary>What the input of an exported graph holds.</summary>
public enum OnnxInput
{
    /// <summary>Normalized values, (x / 255 - mean) / deviation, as float; the program that runs the graph normalizes.</summary>
    Normalized,

    /// <summary>Pixels from 0 to 1, as float; the graph normalizes.</summary>
    Unit,

    /// <summary>Pixels from 0 to 255, as bytes; the graph normalizes.</summary>
    Bytes,
}

/// <summary>Options of <see cref="OnnxExporter"/>.</summary>
public sealed record OnnxOptions
{
    /// <summary>Whether batch normalizations are computed into the weights of the convolutions and dense layers before them.</summary>
    public bool FoldBatchNorm { get; init; }

    /// <summary>Whether the graph ends in probabilities: softmax of the classes, or the sigmoid of a yes-or-no output.</summary>
    public bool Probabilities { get; init; }

    /// <summary>What the input holds.</summary>
    public OnnxInput Input { get; init; }

    /// <summary>Mean and deviation of the pixels; needed unless <see cref="Input"/> is normalized.</summary>
    public ChannelStatistics? Normalization { get; init; }

    /// <summary>Entries of the model's metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
