namespace Gpu.Kernels;

/// <summary>
/// From bytes to floats: (byte / 255 - mean) / deviation a channel, which is byte * scale + shift. On the device scales and shifts lie spread out over
/// as many elements as it takes for channels and vectors to begin together again, so that kernels load them as vectors.
/// </summary>
public static class PixelNormalization
{
    private const int MaxVectorWidth = 16;

    /// <summary>Elements after which the pattern repeats: the least common multiple of the channels and the widest vector.</summary>
    public static int Period(int channels) => checked(channels / GreatestCommonDivisor(channels, MaxVectorWidth) * MaxVectorWidth);

    /// <summary>Words of the pattern in device memory.</summary>
    public static int Words(int channels) => checked(2 * Period(channels));

    /// <summary>The pattern to upload, <see cref="Words"/> floats: a period of scales, then one of shifts.</summary>
    /// <param name="means">a mean for each channel, on a scale from 0 to 1</param>
    /// <param name="deviations">a standard deviation for each channel, above 0, on the same scale</param>
    /// <exception cref="ArgumentException">no channels, not as many deviations as means, a deviation that is not above 0, or a number that is not finite</exception>
    public static float[] Pattern(ReadOnlySpan<float> means, ReadOnlySpan<float> deviations)
    {
        if (means.IsEmpty || means.Length != deviations.Length)
            throw new ArgumentException($"a mean and a deviation are needed for each channel, but there are {means.Length} and {deviations.Length}", nameof(means));
        var period = Period(means.Length);
        var pattern = new float[2 * period];
        for (var i = 0; i < period; i++)
        {
            var channel = i % means.Length;
            double mean = means[channel], deviation = deviations[channel];
            if (!double.IsFinite(mean) || !double.IsFinite(deviation) || deviation <= 0)
                throw new ArgumentException($"channel {channel} has the mean {mean} and the deviation {deviation}; the deviation must be above 0, and both finite", nameof(deviations));
            pattern[i] = (float)(1 / (255 * deviation));
            pattern[period + i] = (float)(-mean / deviation);
        }

        return pattern;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
