namespace Gpu.Kernels.Optimizers;

/// <summary>The factor by which a running mean that began at zero falls short after some steps.</summary>
internal static class BiasCorrection
{
    private const int MaxHalvings = 6;

    /// <summary>
    /// 1 - beta^step, to a few units in the last place for any step number: with x = step * log(beta), the series of 1 - e^x for small |x|; a larger
    /// one is halved until it is small, and c(2x) = c(x) (2 - c(x)) doubles it again. From x = -32 on the result is 1.
    /// </summary>
    /// <param name="logBeta">the natural logarithm of beta, 0 or below (minus infinity for 0), rounded once from double precision</param>
    /// <param name="step">the step number, 1 at the first update; taken as 1 when it is below</param>
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

        // -x (1 + x/2 (1 + x/3 (1 + ...))); what is left out is below 2^-27 of it.
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
