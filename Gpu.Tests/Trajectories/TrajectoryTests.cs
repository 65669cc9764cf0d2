using Gpu.Tests.Oracles;
using Gpu.Tests.Vectors;
using Gpu.Training.Models;

namespace Gpu.Tests.Trajectories;

/// <summary>
/// Ten training steps of the built-in networks against PyTorch's in double precision, from the same parameters and batches: layers, losses, gradients,
/// weight decay, optimizers, and finally evaluation with running statistics.
/// </summary>
public class TrajectoryTests
{
    /// <summary>The simulator is slow, so it runs only the small networks.</summary>
    private static readonly string[] ForSimulator = ["mlp10", "mlp128"];

    /// <summary>These networks use a smaller learning rate than their recipe, which would amplify rounding errors; see <c>make_trajectories.py</c>.</summary>
    private static readonly string[] WithOwnLearningRate = ["resnet20", "vgg_small"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var network in TrajectoryFile.Load().Networks.Keys)
            {
                foreach (var device in TestDevices.Names)
                    if (device is not ("simulator" or "groups") || ForSimulator.Contains(network)) cases.Add(network, device);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void FollowsPyTorch(string name, string deviceName)
    {
        var expected = TrajectoryFile.Load().Networks[name];
        var model = BuiltInModels.Get(name);
        if (!WithOwnLearningRate.Contains(name)) Assert.Equal((float)expected.LearningRate, model.Recipe.Optimizer.LearningRate);
        using var lease = TestDevices.Rent(deviceName);
        var device = lease.Device;
        using var run = new TrajectoryRun(name, expected, model, device);
        var check = new Comparison(name, deviceName);
        for (var step = 0; step < expected.Losses.Length; step++)
        {
            run.ForwardBackward(step);
            check.Relative("loss", expected.Losses[step], run.ReadLoss(), 1e-4, $"in step {step + 1}");
            if (step == 0) run.CompareGradients(check);
            run.Update();
        }

        check.Relative("evaluation", expected.Evaluation, run.Evaluate(), Tolerance(expected.Float32.Evaluation), "after the last step");
        run.CompareChanges(check);
    }

    /// <summary>Ten times the error of PyTorch's own single precision, to allow for another order of summation; at least 1e-4.</summary>
    internal static double Tolerance(double precision) => Math.Max(1e-4, 10 * precision);
}
