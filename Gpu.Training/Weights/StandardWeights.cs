using Gpu.Kernels;

namespace Gpu.Training.Weights;

/// <summary>Weight standardization on the host, for programs that do not have it.</summary>
internal static class StandardWeights
{
    /// <summary>The standardized weights, as <see cref="WeightStandardization.Forward"/> computes them on a device.</summary>
    /// <param name="weights">[incoming weights, filters]</param>
    /// <param name="filters">the number of filters</param>
    public static float[] Of(float[] weights, int filters)
    {
        var rows = weights.Length / filters;
        var standard = new float[weights.Length];
        for (var filter = 0; filter < filters; filter++)
        {
            var mean = 0.0;
            for (var i = filter; i < weights.Length; i += filters) mean += weights[i] / (double)rows;
            var variance = 0.0;
            for (var i = filter; i < weights.Length; i += filters) variance += (weights[i] - mean) * (weights[i] - mean) / rows;
            var deviation = Math.Sqrt(variance + WeightStandardization.Epsilon);
            for (var i = filter; i < weights.Length; i += filters) standard[i] = (float)((weights[i] - mean) / deviation);
        }

        return standard;
    }
}
