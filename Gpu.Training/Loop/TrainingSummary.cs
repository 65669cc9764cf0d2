using Gpu.Training.Data;

namespace Gpu.Training.Loop;

/// <summary>Description of a run before it starts.</summary>
public sealed record TrainingSummary
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>Description of the device.</summary>
    public required string Device { get; init; }

    /// <summary>Number of trainable parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>The layers with weights, each with the shape of its output: <c>conv1 26x26x32</c>.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>Number of classes of the data set.</summary>
    public int Classes { get; init; }

    /// <summary>Number of training images.</summary>
    public required int TrainSamples { get; init; }

    /// <summary>Number of validation images; 0 for none.</summary>
    public required int ValidationSamples { get; init; }

    /// <summary>Number of test images.</summary>
    public required int TestSamples { get; init; }

    /// <summary>What the samples are called: <c>images</c> or <c>rows</c>.</summary>
    public string SampleNoun { get; init; } = "images";

    /// <summary>What the network is trained to predict.</summary>
    public TaskKind Task { get; init; }

    /// <summary>Batch size in samples.</summary>
    public required int Batch { get; init; }

    /// <summary>Number of epochs; a step limit may end the last one early.</summary>
    public required int Epochs { get; init; }

    /// <summary>Whether the run finds its weight decay (<see cref="TrainingOptions.AutoDecay"/>).</summary>
    public bool FindsDecay { get; init; }

    /// <summary>Optimizer steps per epoch.</summary>
    public required int StepsPerEpoch { get; init; }

    /// <summary>Total optimizer steps of the run.</summary>
    public required long TotalSteps { get; init; }

    /// <summary>Optimizer steps completed before a resume; 0 for a new run.</summary>
    public required long FirstStep { get; init; }

    /// <summary>The optimizer with its hyperparameters.</summary>
    public required OptimizerOptions Optimizer { get; init; }

    /// <summary>Weight decay of some parameters by name.</summary>
    public IReadOnlyList<DecayOverride> DecayFor { get; init; } = [];

    /// <summary>Factors of the learning rate of some parameters by name.</summary>
    public IReadOnlyList<LearningRateScale> LearningRateScales { get; init; } = [];

    /// <summary>Patterns of the names of parameters that are not trained.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Whether any parameter has an L1 penalty.</summary>
    public bool HasL1 { get; init; }

    /// <summary>The learning-rate schedule.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>Device memory in bytes: parameters, gradients, optimizer state, activations, data.</summary>
    public required long DeviceBytes { get; init; }

    /// <summary>The run folder; null if none is written.</summary>
    public required string? Run { get; init; }
}
