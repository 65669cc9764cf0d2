using Gpu.Kernels;

namespace Gpu.Cli.Checks.References;

/// <summary>2-D convolution and its gradients in double precision, as plain loops.</summary>
internal static class Conv2dReference
{
    /// <summary>The output before bias and activation.</summary>
    public static double[] Forward(Conv2dShape s, float[] input, float[] weights)
    {
        var output = new double[s.OutputLength];
        ForEachProduct(s, (i, w, o) => output[o] += (double)input[i] * weights[w]);
        return output;
    }

    public static double[] InputGradient(Conv2dShape s, float[] outputGradient, float[] weights)
    {
        var gradient = new double[s.InputLength];
        ForEachProduct(s, (i, w, o) => gradient[i] += (double)outputGradient[o] * weights[w]);
        return gradient;
    }

    public static double[] WeightGradient(Conv2dShape s, float[] input, float[] outputGradient)
    {
        var gradient = new double[s.WeightLength];
        ForEachProduct(s, (i, w, o) => gradient[w] += (double)input[i] * outputGradient[o]);
        return gradient;
    }

    public static double[] BiasGradient(int channels, float[] outputGradient)
    {
        var gradient = new double[channels];
        for (var i = 0; i < outputGradient.Length; i++) gradient[i % channels] += outputGradient[i];
        return gradient;
    }

    // Calls the body with the indices of every multiplied (input, weight) pair and of the output it is added to.
    private static void ForEachProduct(Conv2dShape s, Action<int, int, int> body)
    {
        for (var n = 0; n < s.Batch; n++)
        for (var oy = 0; oy < s.OutputHeight; oy++)
        for (var ox = 0; ox < s.OutputWidth; ox++)
        for (var ky = 0; ky < s.KernelHeight; ky++)
        for (var kx = 0; kx < s.KernelWidth; kx++)
        {
            var y = oy * s.StrideHeight - s.PaddingTop + ky * s.DilationHeight;
            var x = ox * s.StrideWidth - s.PaddingLeft + kx * s.DilationWidth;
            if (y < 0 || y >= s.InputHeight || x < 0 || x >= s.InputWidth) continue;
            for (var o = 0; o < s.OutputChannels; o++)
            {
                var group = o / s.OutputPerGroup;
                for (var k = 0; k < s.InputPerGroup; k++)
                {
                    body(
                        ((n * s.InputHeight + y) * s.InputWidth + x) * s.InputChannels + group * s.InputPerGroup + k,
                        ((ky * s.KernelWidth + kx) * s.InputPerGroup + k) * s.OutputChannels + o,
                        ((n * s.OutputHeight + oy) * s.OutputWidth + ox) * s.OutputChannels + o);
                }
            }
        }
    }
}
