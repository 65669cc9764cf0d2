using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of gradient norm.</summary>
internal static class GradientNormChecks
{
    [OperationCheck("gradient norm", 21)]
    public static void AgreesWithTheReference(Checker checker)
    {
        foreach (var count in new[] { 1, 3, 16, 255, 256, 257, 1023, 1024, 1025, 17_003, 70_000 })
        {
            var gradients = checker.Uniform(count, -0.01f, 3);
            var (norm, factor) = Norm(checker, gradients, scale: 0.5f, maxNorm: 2);
            var expected = 0.5 * Math.Sqrt(gradients.Sum(g => (double)g * g));
            checker.Compare("gradient norm", [expected, Math.Min(1, 2 / (expected + 1e-6))], [norm, factor], 1e-6, shape: $"{count}");
        }
    }

    [OperationCheck("gradient norm without clipping", 22)]
    public static void WithoutClippingTheFactorIsOne(Checker checker)
    {
        var norm = checker.Output(GradientNormLayout.Words);
        GradientNorm.Run(checker.Device, checker.Upload([3f, 0f, 4f]), norm, checker.Output(GradientNorm.WorkspaceLength(3)));
        Require.Equal(5f, checker.Download(norm)[GradientNormLayout.Norm]);
        Require.Equal(1f, checker.Download(norm)[GradientNormLayout.ClipFactor]);
        var (zeroNorm, zeroFactor) = Norm(checker, new float[100], 1, 1);
        Require.Equal((0f, 1f), (zeroNorm, zeroFactor));
    }

    [OperationCheck("gradient norm of NaN", 23)]
    public static void NaNAndInfinityPropagate(Checker checker)
    {
        foreach (var at in new[] { 0, 999, 5000 })
        {
            var gradients = checker.Uniform(5001);
            gradients[at] = float.NaN;
            var (norm, factor) = Norm(checker, gradients, 1, 1);
            Require.True(float.IsNaN(norm) && float.IsNaN(factor));
            gradients[at] = float.NegativeInfinity;
            (norm, factor) = Norm(checker, gradients, 1, 1);
            Require.Equal(float.PositiveInfinity, norm);
            Require.Equal(0f, factor);
        }
    }

    internal static (float Norm, float Factor) Norm(Checker checker, float[] gradients, float scale, float maxNorm)
    {
        var step = new float[StepStateLayout.Words];
        step[StepStateLayout.GradientScale] = scale;
        var norm = checker.Output(GradientNormLayout.Words);
        var workspace = checker.Output(GradientNorm.WorkspaceLength(gradients.Length));
        GradientNorm.Run(checker.Device, checker.Upload(gradients), checker.Upload(step), maxNorm, norm, workspace);
        var words = checker.Download(norm);
        return (words[GradientNormLayout.Norm], words[GradientNormLayout.ClipFactor]);
    }
}
