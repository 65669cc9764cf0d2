using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of clipping by value.</summary>
internal static class GradientClipChecks
{
    [OperationCheck("clipping by value", 41)]
    public static void LimitsTheScaledGradients(Checker checker)
    {
        foreach (var count in new[] { 1, 3, 16, 17, 255, 4096, 5003 })
        {
            var gradients = checker.Uniform(count, -3, 3);
            var words = new float[StepStateLayout.Words];
            words[StepStateLayout.GradientScale] = 0.25f;
            // A quarter of the gradients is limited to a quarter, so they are limited to 1.
            foreach (var (state, limit) in new[] { (default, 1f), (checker.Upload(words), 0.25f) })
            {
                var view = checker.Upload(gradients);
                GradientClip.Value(checker.Device, view, state, limit);
                checker.Compare("clip by value", [.. gradients.Select(g => Math.Clamp((double)g, -1, 1))], view, 1e-7, shape: $"{count}, {limit}");
            }
        }

        var special = checker.Upload([float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f]);
        GradientClip.Value(checker.Device, special, default, 2);
        Require.Equal([float.NaN, 2, -2, 0], checker.Download(special));
    }
}
