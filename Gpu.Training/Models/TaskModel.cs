using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Layers;

namespace Gpu.Training.Models;

/// <summary>Fits the loss of a model to a task.</summary>
public static class TaskModel
{
    /// <summary>Whether a model with this loss can be trained for a task.</summary>
    public static bool Accepts(TaskKind task, LossKind loss) => task switch
    {
        TaskKind.Binary => loss is LossKind.BinaryCrossEntropy or LossKind.MeanSquaredError or LossKind.HalfMeanSquaredError,
        TaskKind.Regression => loss is LossKind.MeanSquaredError or LossKind.HalfMeanSquaredError,
        TaskKind.Segmentation => IsPixelLoss(loss),
        TaskKind.Autoencoding => IsReconstructionLoss(loss),
        TaskKind.Generation => IsAdversarialLoss(loss),
        _ => loss == LossKind.SoftmaxCrossEntropy,
    };

    /// <summary>Whether a loss compares a class for each pixel.</summary>
    public static bool IsPixelLoss(LossKind loss) =>
        loss is LossKind.PixelCrossEntropy or LossKind.Dice or LossKind.Focal or LossKind.PixelCrossEntropyDice;

    /// <summary>Whether a loss compares the output with the input.</summary>
    public static bool IsReconstructionLoss(LossKind loss) => loss is LossKind.ReconstructionError or LossKind.ReconstructionCrossEntropy;

    /// <summary>Whether a loss trains a generator against a discriminator.</summary>
    public static bool IsAdversarialLoss(LossKind loss) => loss is LossKind.NonSaturating or LossKind.Hinge;

    /// <summary>Whether the results of a task are right or wrong, so that there is an accuracy.</summary>
    public static bool HasAccuracy(TaskKind task) => task is not (TaskKind.Regression or TaskKind.Autoencoding or TaskKind.Generation);

    /// <summary>
    /// Returns the model with a loss that fits the task. Softmax and binary cross-entropy take logits, and regression takes any number, so there a sigmoid
    /// or tanh of the last layer is removed.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="task">The task.</param>
    /// <param name="remark">What was changed, for the user; null for nothing.</param>
    public static Model Adapt(Model model, TaskKind task, out string? remark)
    {
        ArgumentNullException.ThrowIfNull(model);
        remark = null;
        var isBounded = model.Layers[^1] is DenseLayer { Activation.Kind: ActivationKind.Sigmoid or ActivationKind.Tanh };
        var fits = Accepts(task, model.Recipe.Loss);
        if (fits && !(isBounded && task == TaskKind.Regression)) return model;
        var loss = fits ? model.Recipe.Loss : task switch
        {
            TaskKind.Binary => LossKind.BinaryCrossEntropy,
            TaskKind.Regression => LossKind.MeanSquaredError,
            TaskKind.Segmentation => LossKind.PixelCrossEntropy,
            TaskKind.Autoencoding => LossKind.ReconstructionError,
            TaskKind.Generation => LossKind.NonSaturating,
            _ => LossKind.SoftmaxCrossEntropy,
        };
        List<string> changes = [];
        if (!fits) changes.Add($"its loss is {JsonValues.EnumName(loss)} instead of {JsonValues.EnumName(model.Recipe.Loss)}");
        var layers = model.Layers.ToArray();
        if (isBounded && layers[^1] is DenseLayer last)
        {
            changes.Add($"the {last.Activation.Kind.ToString().ToLowerInvariant()} of its last layer is left out");
            layers[^1] = new DenseLayer(last.Units)
            {
                Name = last.Name, Inputs = last.Inputs, Bias = last.Bias, Initializer = last.Initializer,
                WeightDecay = last.WeightDecay, L1 = last.L1, MaxNorm = last.MaxNorm, LearningRateScale = last.LearningRateScale,
            };
        }

        remark = $"Model '{model.Name}' for {task.ToString().ToLowerInvariant()}: {string.Join("; ", changes)}.";
        return new Model(model.Name, model.Input, model.Recipe with { Loss = loss }, layers) { Discriminator = model.Discriminator };
    }

    /// <summary>The output above which a network says yes: 0 for a logit, 0.5 for a probability; null if the task is not binary.</summary>
    internal static float? BinaryThreshold(TaskKind task, LossKind loss) =>
        task != TaskKind.Binary ? null : loss == LossKind.BinaryCrossEntropy ? 0f : 0.5f;
}
