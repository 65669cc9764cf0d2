using Gpu.Cli.Checks;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Cli;

/// <summary>The ten training steps of <c>check</c> tell a right device from one that trains a little differently.</summary>
public class NetworkCheckTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void AnotherVectorWidthIsRightAndAnotherLearningRateIsNot(int network)
    {
        var (model, batch) = NetworkCheck.Networks(isSlow: false)[network];
        var expected = NetworkCheck.LossesOnCpu(model, batch);
        // A tolerance near 1 would accept anything.
        Assert.All(expected.Tolerances, tolerance => Assert.InRange(tolerance, 1e-3, 2e-2));
        List<IDisposable> owned = [];
        using var device = new CpuDevice(2);
        try
        {
            var optimizer = model.Recipe.Optimizer;
            var faster = model.With(model.Recipe with { Optimizer = optimizer with { LearningRate = 1.5f * optimizer.LearningRate } });
            foreach (var form in CheckForm.Of(device, quick: false, owned))
            {
                var check = NetworkCheck.Run(model, batch, form, expected);
                Assert.True(check.IsRight, $"{check}");
                // Far from the tolerance, so that rounding on other devices has room.
                Assert.True(check.LossError < check.Tolerance / 2, $"{check}");
                Assert.False(NetworkCheck.Run(faster, batch, form, expected).IsRight);
            }
        }
        finally
        {
            foreach (var one in owned) one.Dispose();
        }
    }
}
