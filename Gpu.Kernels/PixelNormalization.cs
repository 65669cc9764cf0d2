namespace Gpu.Kernels;

/// <summary>
/// Converts bytes to normalized floats: (byte / 255 - mean) / deviation per channel, computed as byte * scale + shift. On the device the scales and shifts
/// of the channels are repeated over the least common multiple of the channels and the vector width, so that kernels load them as vectors.
/// </summary>
public static class PixelNormalization
{
    private const int MaxVectorWidth = 16;

    /// <summary>Elements after which the pattern repeats: the least common multiple of the number of channels and the widest vector, 16.</summary>
    /// <param name="channels">channels, at least 1</param>
    public static int Period(int channels) => ShapeLimits.Length("the pattern", channels / GreatestCommonDivisor(channels, MaxVectorWidth), MaxVectorWidth);

    /// <summary>Words of the pattern.</summary>
    /// <param name="channels">channels, at least 1</param>
    public static int Words(int channels) => ShapeLimits.Length("the pattern", 2, Period(channels));

    /// <summary>Computes the pattern to upload, <see cref="Words"/> floats: one period of scales, then one period of shifts.</summary>
    /// <param name="means">the mean of each channel, for pixels from 0 to 1</param>
    /// <param name="deviations">the standard deviation of each channel, for pixels from 0 to 1; above 0</param>
    /// <exception cref="ArgumentException">
    /// there are no channels, the numbers of means and deviations differ, a deviation is not above 0, or a number is not finite
    /// </exception>
    public static float[] Pattern(ReadOnlySpan<float> means, ReadOnlySpan<float> deviations)
    {
        if (means.IsEmpty || means.Length != deviations.Length)
        {
            throw new ArgumentException(
                $"each channel needs a mean and a deviation, but there are {means.Length} means and {deviations.Length} deviations", nameof(means));
        }

        var period = Period(means.Length);
        var pattern = new float[2 * period];
        for (var i = 0; i < period; i++)
        {
            var channel = i % means.Length;
            double mean = means[channel], deviation = deviations[channel];
            if (!double.IsFinite(mean) || !double.IsFinite(deviation) || deviation <= 0)
            {
                throw new ArgumentException(
                    $"channel {channel} has the mean {mean} and the deviation {deviation}; the deviation must be above 0, and both finite",
                    nameof(deviations));
            }

            pattern[i] = (float)(1 / (255 * deviation));
            pattern[period + i] = (float)(-mean / deviation);
        }

        return pattern;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
