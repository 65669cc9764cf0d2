using Gpu.Kernels;
using Gpu.Training.Models;

namespace Gpu.Training.Initialization;

/// <summary>
/// Draws initial parameters. A value is a function of the seed, the parameter's name and its place in it (Philox, counter-based), so that a model with one
/// layer more draws the same for the others.
/// </summary>
internal static class ParameterSampler
{
    /// <summary>The initial values of a parameter.</summary>
    /// <param name="parameter">the parameter</param>
    /// <param name="seed">the network's seed</param>
    /// <param name="replacement">replaces how weights are drawn (and, for PyTorch's way, biases); null: as declared</param>
    public static float[] Sample(ModelParameter parameter, ulong seed, Initializer? replacement = null)
    {
        var declaration = parameter.Declaration;
        var values = new float[declaration.Length];
        var initializer = Choose(declaration, replacement);
        if (initializer == Initializer.Zeros) return values;
        if (initializer == Initializer.Ones)
        {
            Array.Fill(values, 1f);
            return values;
        }

        double fanIn = declaration.FanIn, fanOut = declaration.FanOut;
        var key = NamedSeed.Of(seed, parameter.Name);
        switch (initializer)
        {
            case Initializer.HeUniform: FillUniform(values, key, Math.Sqrt(6 / fanIn)); break;
            case Initializer.GlorotUniform: FillUniform(values, key, Math.Sqrt(6 / (fanIn + fanOut))); break;
            case Initializer.PyTorch: FillUniform(values, key, Math.Sqrt(1 / fanIn)); break;
            case Initializer.HeNormal: FillNormal(values, key, Math.Sqrt(2 / fanIn)); break;
            case Initializer.GlorotNormal: FillNormal(values, key, Math.Sqrt(2 / (fanIn + fanOut))); break;
            default: throw new ArgumentOutOfRangeException(nameof(parameter), initializer, $"the initializer of '{parameter.Name}' does not say how to draw");
        }

        return values;
    }

    private static Initializer Choose(ParameterDeclaration declaration, Initializer? replacement)
    {
        if (replacement is not { } other || other == Initializer.Auto || !declaration.Trainable) return declaration.Initializer;
        // Only weights are replaced, and biases by PyTorch's way: gamma must begin at 1, whatever is asked for the weights.
        if (declaration.Decays) return other;
        return other == Initializer.PyTorch && declaration.Name == "bias" ? other : declaration.Initializer;
    }

    private static void FillUniform(float[] values, ulong key, double bound)
    {
        for (var i = 0; i < values.Length; i += 4)
        {
            var (a, b, c, d) = RandomWords(key, i / 4);
            Store(values, i, (float)(bound * (2 * ToOpenUnitInterval(a) - 1)), (float)(bound * (2 * ToOpenUnitInterval(b) - 1)), (float)(bound * (2 * ToOpenUnitInterval(c) - 1)),
                (float)(bound * (2 * ToOpenUnitInterval(d) - 1)));
        }
    }

    // The method of Box and Muller: two normal numbers of two uniform ones.
    private static void FillNormal(float[] values, ulong key, double deviation)
    {
        for (var i = 0; i < values.Length; i += 4)
        {
            var (a, b, c, d) = RandomWords(key, i / 4);
            var r = deviation * Math.Sqrt(-2 * Math.Log(ToOpenUnitInterval(a)));
            var s = deviation * Math.Sqrt(-2 * Math.Log(ToOpenUnitInterval(c)));
            var (sinB, cosB) = Math.SinCos(2 * Math.PI * ToOpenUnitInterval(b));
            var (sinD, cosD) = Math.SinCos(2 * Math.PI * ToOpenUnitInterval(d));
            Store(values, i, (float)(r * cosB), (float)(r * sinB), (float)(s * cosD), (float)(s * sinD));
        }
    }

    private static void Store(float[] values, int at, float a, float b, float c, float d)
    {
        values[at] = a;
        if (at + 1 < values.Length) values[at + 1] = b;
        if (at + 2 < values.Length) values[at + 2] = c;
        if (at + 3 < values.Length) values[at + 3] = d;
    }

    // In (0, 1): neither end, for the logarithm's sake.
    private static double ToOpenUnitInterval(uint word) => (word + 0.5) / 4294967296.0;

    private static (uint A, uint B, uint C, uint D) RandomWords(ulong key, int counter)
    {
        uint a = (uint)counter, b = 0, c = 0, d = 0;
        Philox.Generate((uint)key, (uint)(key >> 32), ref a, ref b, ref c, ref d);
        return (a, b, c, d);
    }
}
