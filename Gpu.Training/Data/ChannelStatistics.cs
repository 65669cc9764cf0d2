namespace Gpu.Training.Data;

/// <summary>Mean and standard deviation per channel of pixels scaled to [0, 1]. Pixels are normalized as (x / 255 - Mean) / StandardDeviation.</summary>
/// <param name="Mean">Mean per channel.</param>
/// <param name="StandardDeviation">Population standard deviation per channel (divided by the number of pixels); 1 for a constant channel, to
/// avoid a division by zero.</param>
public sealed record ChannelStatistics(float[] Mean, float[] StandardDeviation)
{
    /// <summary>Computes the statistics of a split. The sums are integers, so they are exact and independent of the order.</summary>
    public static ChannelStatistics Of(ImageSplit split)
    {
        var channels = split.Channels;
        var sums = new long[channels];
        var squares = new long[channels];
        var pixels = split.Pixels;
        for (var i = 0; i < pixels.Length; i += channels)
        {
            for (var c = 0; c < channels; c++)
            {
                long value = pixels[i + c];
                sums[c] += value;
                squares[c] += value * value;
            }
        }

        var count = Math.Max(1, pixels.Length / channels);
        var mean = new float[channels];
        var deviation = new float[channels];
        for (var c = 0; c < channels; c++)
        {
            // n * sum(x^2) - sum(x)^2 in integers: no cancellation, unlike E[x^2] - E[x]^2 in floating point.
            var variance = (double)(((Int128)squares[c] * count) - ((Int128)sums[c] * sums[c])) / ((double)count * count);
            mean[c] = (float)((double)sums[c] / count / 255.0);
            deviation[c] = variance > 0 ? (float)(Math.Sqrt(variance) / 255.0) : 1f;
        }

        return new ChannelStatistics(mean, deviation);
    }
}
