namespace Gpu.Training.Data;

/// <summary>Mean and standard deviation of each channel over pixels scaled to [0, 1], for normalising: (x / 255 - Mean) / StandardDeviation.</summary>
/// <param name="Mean">One value a channel.</param>
/// <param name="StandardDeviation">One value a channel, the population's (divided by the number of pixels); 1 where a channel is constant, so
/// that dividing by it is harmless.</param>
public sealed record ChannelStatistics(float[] Mean, float[] StandardDeviation)
{
    /// <summary>Computes the statistics of a split. The sums are integers, hence exact and independent of any order.</summary>
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
