using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Cli.Bench;

/// <summary>Random labels or targets of a batch.</summary>
internal sealed class BatchLabels(StepRunner runner, Model model, int batch, Random random)
{
    // An autoencoder compares its output with its input, and a generator reads images alone.
    private readonly bool _needsNone = TaskModel.IsReconstructionLoss(model.Recipe.Loss)
        || (TaskModel.IsAdversarialLoss(model.Recipe.Loss) && model.ConditionClasses == 0);

    private readonly int[] _labels = TaskModel.IsPixelLoss(model.Recipe.Loss) ? new int[batch * model.Output.Height * model.Output.Width]
        : HasLabels(model) ? new int[batch] : [];

    private readonly float[] _targets = HasLabels(model) ? [] : new float[batch * model.Output.Length];

    private readonly int _classes = TaskModel.IsPixelLoss(model.Recipe.Loss) ? model.Output.Channels
        : model.ConditionClasses > 0 ? model.ConditionClasses : model.Output.Length;

    public void SetBatch(float[] inputs)
    {
        if (_needsNone)
        {
            runner.SetBatch(inputs);
            return;
        }

        Draw();
        if (_targets.Length == 0) runner.SetBatch(inputs, _labels);
        else runner.SetBatch(inputs, _targets);
    }

    public void Renew()
    {
        if (_needsNone) return;
        Draw();
        if (_targets.Length == 0) runner.SetLabels(_labels);
        else runner.SetTargets(_targets);
    }

    private static bool HasLabels(Model model) => model.Recipe.Loss == LossKind.SoftmaxCrossEntropy || model.ConditionClasses > 0
        || TaskModel.IsPixelLoss(model.Recipe.Loss);

    private void Draw()
    {
        for (var i = 0; i < _labels.Length; i++) _labels[i] = random.Next(_classes);
        for (var i = 0; i < _targets.Length; i++) _targets[i] = random.Next(2);
    }
}
