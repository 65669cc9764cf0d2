using Gpu.Kernels;

namespace Gpu.Training.Generation;

/// <summary>Latent values on the host: normal numbers that are a function of seed, sample and index, whatever the number of samples.</summary>
internal static class LatentNoise
{
    /// <summary>Draws latent values, count x length.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="count">Samples.</param>
    /// <param name="length">Values of a sample.</param>
    public static float[] Draw(ulong seed, int count, int length)
    {
        var values = new float[checked(count * length)];
        for (var sample = 0; sample < count; sample++)
        {
            for (var i = 0; i < length; i += 2)
            {
                uint a = (uint)(i / 2), b = (uint)sample, c = 0, d = 0;
                Philox.Generate((uint)seed, (uint)(seed >> 32), ref a, ref b, ref c, ref d);
                // The transformation of Box and Muller.
                var radius = Math.Sqrt(-2 * Math.Log(1 - Philox.ToUniform(a)));
                var angle = 2 * Math.PI * Philox.ToUniform(b);
                values[sample * length + i] = (float)(radius * Math.Cos(angle));
                if (i + 1 < length) values[sample * length + i + 1] = (float)(radius * Math.Sin(angle));
            }
        }

        return values;
    }

    /// <summary>
    /// Paths between latent values, rows x steps x length: each row goes from one sample to the next on a great circle, on which the norm, and so what the
    /// decoder knows, stays about the same.
    /// </summary>
    /// <param name="seed">The seed of the ends.</param>
    /// <param name="rows">Paths.</param>
    /// <param name="steps">Points of a path, both ends included; at least 2.</param>
    /// <param name="length">Values of a sample.</param>
    public static float[] Walk(ulong seed, int rows, int steps, int length)
    {
        var ends = Draw(seed, 2 * rows, length);
        var values = new float[checked(rows * steps * length)];
        for (var row = 0; row < rows; row++)
        {
            var from = ends.AsSpan(2 * row * length, length);
            var to = ends.AsSpan((2 * row + 1) * length, length);
            double product = 0, first = 0, second = 0;
            for (var i = 0; i < length; i++)
                (product, first, second) = (product + (double)from[i] * to[i], first + (double)from[i] * from[i], second + (double)to[i] * to[i]);
            var angle = Math.Acos(Math.Clamp(product / Math.Sqrt(Math.Max(first * second, double.Epsilon)), -1, 1));
            for (var step = 0; step < steps; step++)
            {
                var t = step / (steps - 1.0);
                // Parallel ends have no great circle between them.
                var (a, b) = Math.Sin(angle) < 1e-6 ? (1 - t, t) : (Math.Sin((1 - t) * angle) / Math.Sin(angle), Math.Sin(t * angle) / Math.Sin(angle));
                for (var i = 0; i < length; i++) values[(row * steps + step) * length + i] = (float)(a * from[i] + b * to[i]);
            }
        }

        return values;
    }
}
