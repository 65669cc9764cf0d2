using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Optimizers;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Optimizers;

[OracleFor(typeof(ScaleByLossScale<,>), typeof(LossScaleUpdate<,>))]
public class LossScalingTests
{
    private const int Count = 37;

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void ScalesTheGradient(string device)
    {
        using var oracle = new Oracle(device, seed: 1);
        var gradient = oracle.Uniform(Count);
        var (values, state) = (oracle.Upload(gradient), State(oracle, 4096, 0, 0));
        LossScaling.Scale(oracle.Device, values, state);
        Assert.Equal(gradient.Select(value => value * 4096), oracle.Download(values));
    }

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

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void SkippedUpdateOnlyClearsTheGradients(string device)
    {
        using var oracle = new Oracle(device, seed: 3);
        var arena = new ParameterArena();
        arena.Add("p", Count, new SegmentFactors { DecoupledDecay = 0.1f });
        arena.Add("q", SegmentTable.BlockLength + 3);
        var settings = OptimizerSettings.Adam() with { EmaDecay = 0.9 };
        using var table = new SegmentTable(oracle.Device, arena);
        var before = oracle.Uniform(arena.Length);
        var moments = oracle.Uniform(settings.StateLength(arena.Length));
        var (parameters, state, average) = (oracle.Upload(before), oracle.Upload(moments), oracle.Upload(before));
        var values = oracle.Uniform(arena.Length);
        values[5] = float.NaN;
        var (gradients, step) = (oracle.Upload(values), Step(oracle, 1, 1));
        Check(oracle, gradients, step, State(oracle, 65536, 0, 0));
        FusedOptimizer.Update(oracle.Device, settings, table, parameters, gradients, state, step, default, average);
        Assert.Equal(before, oracle.Download(parameters));
        Assert.Equal(moments, oracle.Download(state));
        Assert.Equal(before, oracle.Download(average));
        foreach (var segment in arena.Segments) Assert.All(oracle.Download(segment.In(gradients)), value => Assert.Equal(0, value));
    }

    private static DeviceView State(Oracle oracle, float scale, int good, int skipped)
    {
        var words = new int[LossScaleLayout.Words];
        words[LossScaleLayout.Scale] = BitConverter.SingleToInt32Bits(scale);
        (words[LossScaleLayout.GoodSteps], words[LossScaleLayout.Skipped]) = (good, skipped);
        return oracle.Upload(words);
    }

    private static DeviceView Step(Oracle oracle, int step, float gradientScale)
    {
        var words = new int[StepStateLayout.Words];
        (words[StepStateLayout.Step], words[StepStateLayout.LearningRate]) = (step, BitConverter.SingleToInt32Bits(0.1f));
        words[StepStateLayout.GradientScale] = BitConverter.SingleToInt32Bits(gradientScale);
        return oracle.Upload(words);
    }

    private static void Check(Oracle oracle, DeviceView gradients, DeviceView step, DeviceView lossScale) => LossScaling.Update(
        oracle.Device, gradients, step, lossScale, oracle.Output(GradientNormLayout.Words), oracle.Output(GradientNorm.WorkspaceLength(gradients.Length)));
}
