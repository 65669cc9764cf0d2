using Gpu.Tests.Vectors;

namespace Gpu.Tests.Trajectories;

/// <summary>One batch of a trajectory, computed by the formulas in the header of <c>make_trajectories.py</c>.</summary>
public sealed class TrajectoryBatch
{
    private const int Classes = 10;

    private TrajectoryBatch(float[] inputs, int[]? labels, float[]? targets)
    {
        Inputs = inputs;
        Labels = labels;
        Targets = targets;
    }

    /// <summary>The inputs, NHWC.</summary>
    public float[] Inputs { get; }

    /// <summary>The class labels; null if the network has targets.</summary>
    public int[]? Labels { get; }

    /// <summary>The targets; null if the network has class labels.</summary>
    public float[]? Targets { get; }

    /// <summary>Computes batch <paramref name="number"/> of a network.</summary>
    public static TrajectoryBatch Make(string network, Trajectory trajectory, int number) =>
        network == "mlp10" ? Pairs(trajectory, number) : Images(trajectory, number);

    private static TrajectoryBatch Pairs(Trajectory trajectory, int number)
    {
        var key = HashValues.Key($"{trajectory.Data}/images/{number}");
        var inputs = new float[trajectory.Batch * 2];
        for (var i = 0; i < inputs.Length; i++) inputs[i] = (float)(HashValues.Integer(key, i) * (1.0 / (1 << 24)));
        var targets = new float[trajectory.Batch];
        for (var i = 0; i < targets.Length; i++) targets[i] = (double)inputs[2 * i] + inputs[2 * i + 1] > 1 ? 1 : 0;
        return new TrajectoryBatch(inputs, null, targets);
    }

    private static TrajectoryBatch Images(Trajectory trajectory, int number)
    {
        var elements = trajectory.Sample.Aggregate(1, (product, extent) => product * extent);
        var noise = HashValues.Key($"{trajectory.Data}/images/{number}");
        var pattern = HashValues.Key($"{trajectory.Data}/patterns");
        var classes = HashValues.Key($"{trajectory.Data}/labels/{number}");
        var labels = new int[trajectory.Batch];
        var inputs = new float[trajectory.Batch * elements];
        for (var sample = 0; sample < labels.Length; sample++)
        {
            var label = labels[sample] = (int)((long)HashValues.Integer(classes, sample) * Classes >> 24);
            for (var element = 0; element < elements; element++)
            {
                var at = sample * elements + element;
                inputs[at] = (float)(((long)HashValues.Integer(noise, at) + HashValues.Integer(pattern, label * elements + element)) * (1.0 / (1 << 25)));
            }
        }

        return new TrajectoryBatch(inputs, labels, null);
    }
}
