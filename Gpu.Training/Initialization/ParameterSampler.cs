using Gpu.Kernels;
using Gpu.Training.Models;

namespace Gpu.Training.Initialization;

/// <summary>
/// Samples initial parameters. Each value is a function of the seed, the name of the parameter and the index of the value (the counter-based generator
/// <see cref="Philox"/>), so adding a layer does not change the values of the others.
/// </summary>
internal static class ParameterSampler
{
    /// <summary>The initial values of a parameter.</summary>
    /// <param name="parameter">the parameter</param>
    /// <param name="seed">the seed of the network</param>
    /// <param name="replacement">replaces the initializer of weights (and of biases if it is PyTorch); null to use those of the declarations</param>
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
            case Initializer.Dirac:
                FillUniform(values, key, Math.Sqrt(1 / fanIn));
                SetIdentity(values, declaration);
                break;
            case Initializer.HeNormal: FillNormal(values, key, Math.Sqrt(2 / fanIn)); break;
            case Initializer.GlorotNormal: FillNormal(values, key, Math.Sqrt(2 / (fanIn + fanOut))); break;
            default: throw new ArgumentOutOfRangeException(nameof(parameter), initializer, $"the initializer of '{parameter.Name}' has no distribution");
        }

        return values;
    }

    private static Initializer Choose(ParameterDeclaration declaration, Initializer? replacement)
    {
        if (replacement is not { } other || other == Initializer.Auto || !declaration.Trainable) return declaration.Initializer;
        // The replacement applies to weights, and to biases if it is PyTorch. Other parameters keep theirs: gamma must start at 1.
        if (declaration.Decays) return other;
        return other == Initializer.PyTorch && declaration.Name == "bias" ? other : declaration.Initializer;
    }

    // Weights [kernel height, kernel width, in / groups, out]: the first filters of each group copy one input channel each.
    private static void SetIdentity(float[] values, ParameterDeclaration declaration)
    {
        var (height, width, inputs, outputs) = (declaration.Shape[0], declaration.Shape[1], declaration.Shape[2], declaration.Shape[3]);
        var outputsPerGroup = declaration.FanOut / (height * width);
        for (var filter = 0; filter < outputs; filter++)
        {
            var channel = filter % outputsPerGroup;
            if (channel >= inputs) continue;
            for (var row = 0; row < height * width * inputs; row++) values[row * outputs + filter] = 0;
            values[((height / 2 * width + width / 2) * inputs + channel) * outputs + filter] = 1;
        }
    }

    private static void FillUniform(float[] values, ulong key, double bound)
    {
        for (var i = 0; i < values.Length; i += 4)
        {
            var (a, b, c, d) = RandomWords(key, i / 4);
            Store(
                values, i, (float)(bound * (2 * ToOpenUnitInterval(a) - 1)), (float)(bound * (2 * ToOpenUnitInterval(b) - 1)),
                (float)(bound * (2 * ToOpenUnitInterval(c) - 1)), (float)(bound * (2 * ToOpenUnitInterval(d) - 1)));
        }
    }

    // Box-Muller transform: two uniform numbers give two normal ones.
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

    private static void Store(float[] values, int index, float a, float b, float c, float d)
    {
        values[index] = a;
        if (index + 1 < values.Length) values[index + 1] = b;
        if (index + 2 < values.Length) values[index + 2] = c;
        if (index + 3 < values.Length) values[index + 3] = d;
    }

    // In (0, 1), without 0 because of the logarithm.
    private static double ToOpenUnitInterval(uint word) => (word + 0.5) / 4294967296.0;

    private static (uint A, uint B, uint C, uint D) RandomWords(ulong key, int counter)
    {
        uint a = (uint)counter, b = 0, c = 0, d = 0;
        Philox.Generate((uint)key, (uint)(key >> 32), ref a, ref b, ref c, ref d);
        return (a, b, c, d);
    }
}
