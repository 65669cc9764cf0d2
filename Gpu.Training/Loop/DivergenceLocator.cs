using System.Diagnostics;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>Where numbers that are not finite began.</summary>
/// <param name="Step">Optimizer step, from 1.</param>
/// <param name="LearningRate">Learning rate of the step.</param>
/// <param name="Layer">The layer or parameter; null for the loss.</param>
/// <param name="What">What was not finite, for messages.</param>
internal sealed record DivergenceOrigin(long Step, float LearningRate, string? Layer, string What);

/// <summary>
/// Finds the step and the layer where a run diverged: repeats the steps since a good state, reads loss and weights after each, and runs the first bad step
/// again, operation by operation.
/// </summary>
internal static class DivergenceLocator
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(20);

    /// <summary>Searches up to a step. The session is left in the state of the search.</summary>
    /// <param name="loop">The steps of the run.</param>
    /// <param name="session">The session of the run.</param>
    /// <param name="from">The last good state; null for the start of the run.</param>
    /// <param name="lastStep">Steps completed when the divergence was noticed.</param>
    /// <returns>The origin; null if it was not found in 20 seconds, or not at all.</returns>
    public static DivergenceOrigin? Find(StepLoop loop, TrainingSession session, TrainingState? from, long lastStep)
    {
        var clock = Stopwatch.StartNew();
        loop.Restore(from);
        loop.BeginEpoch();
        var before = session.Weights.DownloadTraining();
        while (loop.Position.Step < lastStep && clock.Elapsed < MaxTime)
        {
            if (loop.IsEpochComplete)
            {
                loop.EndEpoch();
                loop.BeginEpoch();
            }

            var position = loop.Position with { };
            loop.Step(null);
            var totals = session.Plans.TrainingMetrics.Read();
            var after = session.Weights.DownloadTraining();
            if (double.IsFinite(totals.MeanLoss) && after.IsFinite())
            {
                before = after;
                continue;
            }

            loop.Restore(before, position);
            var (layer, what) = Observe(loop, session) ?? Update(after, session);
            return new DivergenceOrigin(position.Step + 1, loop.LearningRateAt(position.Step), layer, what);
        }

        return null;
    }

    private static (string? Layer, string What)? Observe(StepLoop loop, TrainingSession session)
    {
        (string? Layer, string What)? found = null;
        loop.Observe((layer, pass, written) =>
        {
            // The gradients of fp16 may overflow; the optimizer then skips the step.
            if (found is not null || pass == PlanPass.Backward && !session.Plans.LossScale.IsEmpty) return false;
            if (WeightValues.IsFinite(session.Network.Memory.Download(written))) return true;
            found = pass switch
            {
                PlanPass.Forward => (layer, $"the output of layer '{layer}'"),
                PlanPass.Backward => (layer, $"a gradient of layer '{layer}'"),
                _ => (null, "the loss"),
            };
            return false;
        });
        return found;
    }

    private static (string? Layer, string What) Update(WeightValues after, TrainingSession session)
    {
        foreach (var (parameter, values) in after.Tensors(session.Network.Model))
            if (!WeightValues.IsFinite(values.Span)) return (parameter.Name, $"the update of '{parameter.Name}'");
        return (null, "the sum of the losses");
    }
}
