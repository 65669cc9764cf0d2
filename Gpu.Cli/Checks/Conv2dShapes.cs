using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Convolution shapes for tests: hand-picked and random ones.</summary>
internal static class Conv2dShapes
{
    public static IEnumerable<Conv2dShape> Named
    {
        get
        {
            yield return Make(2, 7, 7, 1, 32, 3);
            yield return Make(2, 9, 8, 3, 16, 3) with { PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1 };
            yield return Make(1, 6, 6, 32, 64, 3);
            yield return Make(3, 5, 5, 16, 48, 3) with
            {
                PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1, StrideHeight = 2, StrideWidth = 2,
            };
            yield return Make(2, 8, 8, 17, 10, 1);
            yield return Make(5, 4, 4, 8, 24, 1) with { StrideHeight = 2, StrideWidth = 2 };
            yield return Make(1, 9, 9, 4, 4, 3) with { DilationHeight = 2, DilationWidth = 3 };
            yield return Make(2, 6, 7, 6, 6, 3) with { Groups = 6, PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1 };
            yield return Make(1, 6, 6, 8, 16, 3) with { Groups = 4 };
            yield return Make(1, 5, 5, 40, 300, 2);
            // The stride is larger than the kernel: some input pixels are never read.
            yield return Make(1, 7, 7, 4, 4, 2) with { StrideHeight = 3, StrideWidth = 3 };
            yield return Make(1, 11, 11, 4, 8, 3) with
            {
                StrideHeight = 2, StrideWidth = 4, DilationHeight = 2, DilationWidth = 2, PaddingTop = 2, PaddingLeft = 3,
            };
        }
    }

    /// <summary>Depthwise shapes: tiles of columns, several splits of the weight gradient, channels that fill vectors of each width.</summary>
    public static IEnumerable<Conv2dShape> Depthwise
    {
        get
        {
            var same = Make(3, 14, 17, 32, 32, 3) with { Groups = 32, PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1 };
            yield return same;
            yield return same with { StrideHeight = 2, StrideWidth = 2 };
            yield return same with { DilationHeight = 2, DilationWidth = 2, PaddingTop = 2, PaddingLeft = 2, PaddingBottom = 2, PaddingRight = 2 };
            yield return same with { InputChannels = 5, OutputChannels = 5, Groups = 5 };
            yield return Make(1, 7, 7, 40, 40, 5) with { Groups = 40, PaddingTop = 2, PaddingLeft = 2, PaddingBottom = 2, PaddingRight = 2 };
            // The padding is wider than the input, so some taps lie outside for every pixel.
            yield return Make(2, 1, 2, 8, 8, 3) with { Groups = 8, PaddingTop = 2, PaddingLeft = 3, PaddingBottom = 2, PaddingRight = 3 };
            yield return Make(1, 3, 19, 4, 4, 1) with { Groups = 4, StrideHeight = 2, StrideWidth = 3 };
        }
    }

    public static Conv2dShape RandomDepthwise(Checker checker)
    {
        while (true)
        {
            var channels = checker.Pick(2, 3, 4, 5, 8, 12, 16, 17, 20, 32, 33, 48);
            var shape = Random(checker) with
            {
                InputHeight = checker.Next(1, 12), InputWidth = checker.Next(1, 20), InputChannels = channels, OutputChannels = channels, Groups = channels,
            };
            if (shape.OutputHeight > 0 && shape.OutputWidth > 0) return shape;
        }
    }

    public static Conv2dShape Random(Checker checker)
    {
        while (true)
        {
            var groups = checker.Pick(1, 1, 1, 2, 3);
            var kernelHeight = checker.Next(1, 4);
            var kernelWidth = checker.Next(1, 4);
            var shape = new Conv2dShape
            {
                Batch = checker.Next(1, 3),
                InputHeight = checker.Next(1, 9),
                InputWidth = checker.Next(1, 9),
                InputChannels = groups * checker.Pick(1, 2, 3, 4, 5, 7, 8, 9, 12, 17),
                OutputChannels = groups * checker.Pick(1, 3, 4, 5, 8, 10, 16, 17, 20, 32, 33, 48),
                KernelHeight = kernelHeight,
                KernelWidth = kernelWidth,
                StrideHeight = checker.Next(1, 3),
                StrideWidth = checker.Next(1, 3),
                PaddingTop = checker.Next(0, 2),
                PaddingLeft = checker.Next(0, 2),
                PaddingBottom = checker.Next(0, 2),
                PaddingRight = checker.Next(0, 2),
                DilationHeight = checker.Next(1, 3),
                DilationWidth = checker.Next(1, 2),
                Groups = groups,
            };
            if (shape.OutputHeight > 0 && shape.OutputWidth > 0 && shape.MultiplyAdds < 150_000) return shape;
        }
    }

    public static Conv2dShape Make(int batch, int height, int width, int channels, int outputs, int kernel) => new()
    {
        Batch = batch,
        InputHeight = height,
        InputWidth = width,
        InputChannels = channels,
        OutputChannels = outputs,
        KernelHeight = kernel,
        KernelWidth = kernel,
    };
}
