using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Optimizers;
using Gpu.Tests.Oracles;
using static Gpu.Cli.Checks.LossScalingChecks;

namespace Gpu.Tests.Optimizers;

[OracleFor(typeof(ScaleByLossScale<,>), typeof(LossScaleUpdate<,>))]
public class LossScalingTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(LossScalingChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(LossScalingChecks), check, device);

    // The scale and the good steps before the check, a gradient that overflows or none, and the scale and the good steps after it.
    [Theory]
    [InlineData(65536, 0, null, 65536, 1)]
    [InlineData(65536, 1998, null, 65536, 1999)]
    [InlineData(65536, 1999, null, 131072, 0)]
    [InlineData(65536, 1999, float.PositiveInfinity, 32768, 0)]
    [InlineData(65536, 5, float.NaN, 32768, 0)]
    [InlineData(1, 5, float.NegativeInfinity, 1, 0)]
    [InlineData(16777216, 1999, null, 16777216, 0)]
    public void AdjustsTheScale(float scale, int good, float? bad, float expected, int expectedGood)
    {
        foreach (var device in TestDevices.Names)
        {
            using var oracle = new Oracle(device, seed: 2);
            var gradients = oracle.Uniform(Count, -1e4f, 1e4f);
            if (bad is { } value) gradients[20] = value;
            var (lossScale, step) = (State(oracle, scale, good, 3), Step(oracle, 10, 0.5f));
            Check(oracle, oracle.Upload(gradients), step, lossScale);
            var skipped = bad is null ? 3 : 4;
            Assert.Equal(new LossScaleState(expected, expectedGood, skipped), LossScaling.Read(oracle.Device, lossScale));
            var words = oracle.DownloadInts(step);
            Assert.Equal(bad is null ? 0 : 1, words[StepStateLayout.SkipsUpdate]);
            // The bias correction counts only the updates that were made.
            Assert.Equal(10 - skipped, words[StepStateLayout.Step]);
            Assert.Equal(0.5f / scale, BitConverter.Int32BitsToSingle(words[StepStateLayout.GradientScale]));
        }
    }
}
