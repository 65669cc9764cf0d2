using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Generation;

/// <summary>Converts between the bytes of images and the values of networks whose output is an image.</summary>
internal static class ImageValues
{
    /// <summary>
    /// The values of pixels as the network takes them: (pixel / 255 - mean) / standard deviation, as one multiplication and addition, like in training.
    /// </summary>
    /// <param name="pixels">Bytes, channels last.</param>
    /// <param name="statistics">The normalization of the run.</param>
    public static float[] FromPixels(ReadOnlySpan<byte> pixels, ChannelStatistics statistics)
    {
        var channels = statistics.Mean.Length;
        var pattern = PixelNormalization.Pattern(statistics.Mean, statistics.StandardDeviation);
        var period = PixelNormalization.Period(channels);
        var values = new float[pixels.Length];
        for (var i = 0; i < values.Length; i++) values[i] = pixels[i] * pattern[i % channels] + pattern[period + i % channels];
        return values;
    }

    /// <summary>The pixels that outputs stand for, rounded and limited to 0 to 255.</summary>
    /// <param name="outputs">Logits of a network that is trained with cross-entropy; else values with the normalization of the run.</param>
    /// <param name="loss">The loss of the network.</param>
    /// <param name="statistics">The normalization of the run.</param>
    public static byte[] ToPixels(ReadOnlySpan<float> outputs, LossKind loss, ChannelStatistics statistics)
    {
        var (mean, deviation) = statistics;
        var pixels = new byte[outputs.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            var value = loss == LossKind.ReconstructionCrossEntropy
                ? 1 / (1 + Math.Exp(-outputs[i])) : (double)outputs[i] * deviation[i % mean.Length] + mean[i % mean.Length];
            // A NaN is black.
            pixels[i] = (byte)Math.Clamp(double.IsNaN(value) ? 0 : Math.Round(255 * value), 0, 255);
        }

        return pixels;
    }
}
