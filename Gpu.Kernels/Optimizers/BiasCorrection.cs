namespace Gpu.Kernels.Optimizers;

/// <summary>The bias correction 1 - beta^step of an exponential moving average that starts at zero.</summary>
internal static class BiasCorrection
{
    private const int MaxHalvings = 6;

    /// <summary>
    /// 1 - beta^step, accurate to a few units in the last place for any step. With x = step * log(beta): the Taylor series of c(x) = 1 - e^x for small |x|.
    /// Larger |x| are halved until they are small, and then doubled by c(2x) = c(x) (2 - c(x)). For x below -32 the result is 1.
    /// </summary>
    /// <param name="logBeta">the natural logarithm of beta, at most 0 (-infinity for beta = 0), rounded from double precision</param>
    /// <param name="step">the step number, 1 at the first update; smaller values are like 1</param>
    public static float OneMinusPower(float logBeta, int step)
    {
        if (step < 1) step = 1;
        var x = step * logBeta;
        var halvings = 0;
        while (x < -0.5f && halvings < MaxHalvings)
        {
            x *= 0.5f;
            halvings++;
        }

        if (x < -0.5f) return 1f;

        // c = -x (1 + x/2 (1 + x/3 (1 + ...))). The relative truncation error is below 2^-27.
        var series = 1f + x * (1f / 9f);
        series = 1f + x * (1f / 8f) * series;
        series = 1f + x * (1f / 7f) * series;
        series = 1f + x * (1f / 6f) * series;
        series = 1f + x * (1f / 5f) * series;
        series = 1f + x * (1f / 4f) * series;
        series = 1f + x * (1f / 3f) * series;
        series = 1f + x * (1f / 2f) * series;
        var c = -x * series;
        for (var i = 0; i < halvings; i++) c *= 2f - c;
        return c;
    }
}
