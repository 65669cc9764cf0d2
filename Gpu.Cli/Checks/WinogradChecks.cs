using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of convolution by Winograd.</summary>
internal static class WinogradChecks
{
    [OperationCheck("convolution by Winograd", 21)]
    public static void AgreesWithTheReference(Checker checker)
    {
        Check(checker, Make(1, 4, 4, 16, 16, 1, 1, 1, 1));
        // Several splits and blocks; the last ones are smaller.
        if (!checker.IsSlow) Check(checker, Make(9, 13, 14, 80, 96, 1, 1, 1, 1));
        // More tiles than a strip; panels of two vectors and of one; partial tiles at the edges.
        Check(checker, Make(3, 10, 9, 32, 48, 1, 1, 1, 1));
        Check(checker, Make(2, 5, 6, 48, 16, 0, 0, 0, 0));
        Check(checker, Make(1, 1, 1, 16, 32, 1, 1, 1, 1));
        for (var i = 0; i < 6; i++)
        {
            Check(checker, Make(
                checker.Next(1, 3), checker.Next(3, 9), checker.Next(3, 9), checker.Pick(16, 32, 48), checker.Pick(16, 32, 48),
                checker.Next(0, 2), checker.Next(0, 2), checker.Next(0, 2), checker.Next(0, 2)));
        }
    }

    [OperationCheck("rounding of Winograd", 22)]
    public static void ErrorIsNearThatOfTheDirectSum(Checker checker)
    {
        // Many channels: the error of the direct sum grows with the channels just like the error of the transforms.
        foreach (var channels in new[] { 64, 256 }) Check(checker, Make(1, 12, 12, channels, 32, 1, 1, 1, 1), tolerance: 5e-6);
    }

    internal static void Check(Checker checker, Conv2dShape shape, double tolerance = 1e-5) => Conv2dChecks.Check(checker, shape, "Winograd", tolerance);

    internal static Conv2dShape Make(int batch, int height, int width, int channels, int outputs, int top, int left, int bottom, int right) =>
        Conv2dShapes.Make(batch, height, width, channels, outputs, 3) with
        {
            PaddingTop = top, PaddingLeft = left, PaddingBottom = bottom, PaddingRight = right, Algorithm = Conv2dAlgorithm.Winograd,
        };
}
