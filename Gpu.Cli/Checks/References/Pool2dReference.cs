using Gpu.Kernels;

namespace Gpu.Cli.Checks.References;

/// <summary>2-D pooling in double precision, as plain loops with PyTorch's definition.</summary>
internal static class Pool2dReference
{
    /// <summary>The maximum of each window and the index of its input: the first one of equal values; NaN counts as larger than any number.</summary>
    public static (double[] Output, int[] Argmax) Max(Pool2dShape s, float[] input)
    {
        var output = new double[s.OutputLength];
        var argmax = new int[s.OutputLength];
        ForEachWindow(s, (o, pixels) =>
        {
            var best = -1;
            foreach (var pixel in pixels)
            {
                if (best < 0 || input[pixel] > input[best] || (float.IsNaN(input[pixel]) && !float.IsNaN(input[best]))) best = pixel;
            }

            argmax[o] = best;
            output[o] = input[best];
        });
        return (output, argmax);
    }

    public static double[] MaxGradient(Pool2dShape s, float[] input, float[] outputGradient)
    {
        var gradient = new double[s.InputLength];
        var argmax = Max(s, input).Argmax;
        for (var o = 0; o < argmax.Length; o++) gradient[argmax[o]] += outputGradient[o];
        return gradient;
    }

    public static double[] Average(Pool2dShape s, float[] input)
    {
        var output = new double[s.OutputLength];
        ForEachWindow(s, (o, pixels) => output[o] = pixels.Sum(pixel => (double)input[pixel]) / Divisor(s, pixels));
        return output;
    }

    public static double[] AverageGradient(Pool2dShape s, float[] outputGradient)
    {
        var gradient = new double[s.InputLength];
        ForEachWindow(s, (o, pixels) =>
        {
            foreach (var pixel in pixels) gradient[pixel] += (double)outputGradient[o] / Divisor(s, pixels);
        });
        return gradient;
    }

    private static int Divisor(Pool2dShape s, List<int> pixels) => s.CountPadding ? s.WindowHeight * s.WindowWidth : pixels.Count;

    // Calls the body for every output index with the indices of the inputs of its window that lie in the image, in row-major order.
    private static void ForEachWindow(Pool2dShape s, Action<int, List<int>> body)
    {
        var pixels = new List<int>();
        for (var n = 0; n < s.Batch; n++)
            for (var oy = 0; oy < s.OutputHeight; oy++)
                for (var ox = 0; ox < s.OutputWidth; ox++)
                    for (var c = 0; c < s.Channels; c++)
                    {
                        pixels.Clear();
                        for (var ky = 0; ky < s.WindowHeight; ky++)
                            for (var kx = 0; kx < s.WindowWidth; kx++)
                            {
                                var y = oy * s.StrideHeight + ky - s.PaddingTop;
                                var x = ox * s.StrideWidth + kx - s.PaddingLeft;
                                if (y < 0 || y >= s.InputHeight || x < 0 || x >= s.InputWidth) continue;
                                pixels.Add(((n * s.InputHeight + y) * s.InputWidth + x) * s.Channels + c);
                            }

                        body(((n * s.OutputHeight + oy) * s.OutputWidth + ox) * s.Channels + c, pixels);
                    }
    }
}
