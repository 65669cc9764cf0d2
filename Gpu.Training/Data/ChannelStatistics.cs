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
        var sums = new UInt128[channels];
        var squares = new UInt128[channels];
        if (split.Mapped is { } mapped)
        {
            for (var i = 0; i < split.Count; i++)
                mapped.AddSums(i, sums, squares);
        }
        else AddSums(split.Pixels, sums, squares);

        var count = (UInt128)Math.Max(1, (long)split.Count * split.Height * split.Width);
        var mean = new float[channels];
        var deviation = new float[channels];
        for (var c = 0; c < channels; c++)
        {
            // n * sum(x^2) - sum(x)^2 in integers: no cancellation, unlike E[x^2] - E[x]^2 in floating point.
            var variance = (double)((squares[c] * count) - (sums[c] * sums[c])) / ((double)count * (double)count);
            mean[c] = (float)((double)sums[c] / (double)count / 255.0);
            deviation[c] = variance > 0 ? (float)(Math.Sqrt(variance) / 255.0) : 1f;
        }

        return new ChannelStatistics(mean, deviation);
    }

    private static void AddSums(byte[] pixels, UInt128[] sums, UInt128[] squares)
    {
        var channels = sums.Length;
        Span<ulong> words = stackalloc ulong[2 * channels];
        words.Clear();
        for (var i = 0; i < pixels.Length; i += channels)
        {
            for (var c = 0; c < channels; c++)
            {
                ulong value = pixels[i + c];
                words[2 * c] += value;
                words[(2 * c) + 1] += value * value;
            }
        }

        for (var c = 0; c < channels; c++)
            (sums[c], squares[c]) = (words[2 * c], words[(2 * c) + 1]);
    }
}
