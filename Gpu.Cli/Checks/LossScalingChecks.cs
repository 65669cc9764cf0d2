using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of loss scaling.</summary>
internal static class LossScalingChecks
{
    internal const int Count = 37;

    [OperationCheck("loss scaling", 1)]
    public static void ScalesTheGradient(Checker checker)
    {
        var gradient = checker.Uniform(Count);
        var (values, state) = (checker.Upload(gradient), State(checker, 4096, 0, 0));
        LossScaling.Scale(checker.Device, values, state);
        Require.Equal(gradient.Select(value => value * 4096), checker.Download(values));
    }

    [OperationCheck("skipped update", 3)]
    public static void SkippedUpdateOnlyClearsTheGradients(Checker checker)
    {
        var arena = new ParameterArena();
        arena.Add("p", Count, new SegmentFactors { DecoupledDecay = 0.1f });
        arena.Add("q", SegmentTable.BlockLength + 3);
        var settings = OptimizerSettings.Adam() with { EmaDecay = 0.9 };
        using var table = new SegmentTable(checker.Device, arena);
        var before = checker.Uniform(arena.Length);
        var moments = checker.Uniform(settings.StateLength(arena.Length));
        var (parameters, state, average) = (checker.Upload(before), checker.Upload(moments), checker.Upload(before));
        var values = checker.Uniform(arena.Length);
        values[5] = float.NaN;
        var (gradients, step) = (checker.Upload(values), Step(checker, 1, 1));
        Check(checker, gradients, step, State(checker, 65536, 0, 0));
        FusedOptimizer.Update(checker.Device, settings, table, parameters, gradients, state, step, default, average);
        Require.Equal(before, checker.Download(parameters));
        Require.Equal(moments, checker.Download(state));
        Require.Equal(before, checker.Download(average));
        foreach (var segment in arena.Segments) Require.All(checker.Download(segment.In(gradients)), value => Require.Equal(0, value));
    }

    internal static DeviceView State(Checker checker, float scale, int good, int skipped)
    {
        var words = new int[LossScaleLayout.Words];
        words[LossScaleLayout.Scale] = BitConverter.SingleToInt32Bits(scale);
        (words[LossScaleLayout.GoodSteps], words[LossScaleLayout.Skipped]) = (good, skipped);
        return checker.Upload(words);
    }

    internal static DeviceView Step(Checker checker, int step, float gradientScale)
    {
        var words = new int[StepStateLayout.Words];
        (words[StepStateLayout.Step], words[StepStateLayout.LearningRate]) = (step, BitConverter.SingleToInt32Bits(0.1f));
        words[StepStateLayout.GradientScale] = BitConverter.SingleToInt32Bits(gradientScale);
        return checker.Upload(words);
    }

    internal static void Check(Checker checker, DeviceView gradients, DeviceView step, DeviceView lossScale) => LossScaling.Update(
        checker.Device, gradients, step, lossScale, checker.Output(GradientNormLayout.Words), checker.Output(GradientNorm.WorkspaceLength(gradients.Length)));
}
