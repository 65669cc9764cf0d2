using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Gpu.Cli.Checks.References;
using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Backends;

/// <summary>The functions of every vector backend against double precision. Errors are in units in the last place (ulp) of the exact value.</summary>
public class VectorMathTests
{
    private const int Samples = 160_000;

    private interface IFunction
    {
        static abstract TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged;
    }

    [Fact]
    public void ExpIsWithinOneAndAHalfUlps() => Check<Exp>(Math.Exp, -87, 88, _ => 1.5);

    [Fact]
    public void LogIsWithinOneAndAHalfUlps()
    {
        Check<Log>(Math.Log, 1e-3f, 10, _ => 1.5);
        Check<Log>(Math.Log, 0.9f, 1.1f, _ => 1.5);
        Check<Log>(Math.Log, 1e-37f, 1e38f, _ => 1.5);
    }

    [Fact]
    public void LogOnePlusIsWithinThreeUlps()
    {
        Check<LogOnePlus>(e => e < 1e-8 ? e - e * e / 2 : Math.Log(1 + e), 1e-37f, 1, _ => 3);
        Check<LogOnePlus>(e => e < 1e-8 ? e - e * e / 2 : Math.Log(1 + e), 1e-37f, 1e-5f, _ => 3);
    }

    [Fact]
    public void SoftplusIsWithinFourUlps() => Check<SoftplusActivation>(ActivationReference.Softplus, -87, 87, _ => 4);

    [Fact]
    public void SigmoidIsWithinThreeUlps() => Check<Sigmoid>(x => 1 / (1 + Math.Exp(-x)), -87, 87, _ => 3);

    [Fact]
    public void TanhIsWithinTwoUlps()
    {
        Check<Tanh>(Math.Tanh, -20, 20, _ => 2);
        Check<Tanh>(Math.Tanh, -1, 1, _ => 2);
        Check<Tanh>(Math.Tanh, -1e-3f, 1e-3f, _ => 2);
    }

    [Fact]
    public void NormalDistributionIsWithinSixUlpsPlusTheRoundingOfTheSquare() =>
        Check<NormalDistribution>(ActivationReference.Normal, -12, 12, x => 6 + (x < 0 ? x * x / 2 : 0));

    [Fact]
    public void ExpClampsItsArgumentSoThatTheResultIsANormalNumber()
    {
        foreach (var got in Values<Exp>([-1000, float.NegativeInfinity])) Assert.All(got, y => Assert.InRange(y, 1.1e-38f, 1.3e-38f));
        foreach (var got in Values<Exp>([1000, float.PositiveInfinity])) Assert.All(got, y => Assert.InRange(y, 2e38f, float.MaxValue));
        foreach (var got in Values<Exp>([float.NaN])) Assert.All(got, y => Assert.True(float.IsNaN(y)));
    }

    private static void Check<TFunction>(Func<double, double> exact, float from, float to, Func<double, double> bound)
        where TFunction : struct, IFunction
    {
        var inputs = new float[Samples];
        for (var i = 0; i < Samples; i++) inputs[i] = from + (float)((double)i / (Samples - 1) * ((double)to - from));
        var expected = Array.ConvertAll(inputs, x => exact(x));
        foreach (var got in Values<TFunction>(inputs))
        {
            for (var i = 0; i < Samples; i++)
            {
                var error = Math.Abs(got[i] - expected[i]) / Ulp(expected[i]);
                Assert.True(
                    error <= bound(inputs[i]), $"{typeof(TFunction).Name}({inputs[i]:R}) is {got[i]:R}, expected {expected[i]:R}: {error:F2} ulp");
            }
        }
    }

    // One ulp: the spacing of floats in the binade of a value. Subnormal numbers count as the smallest normal binade.
    private static double Ulp(double value) => Math.ScaleB(1, Math.Max(-126, Math.ILogB(value)) - 23);

    private static IEnumerable<float[]> Values<TFunction>(float[] inputs)
        where TFunction : struct, IFunction
    {
        if (CpuDevice.MaxVectorBits >= 512) yield return Map<TFunction, Vector512Backend, Vector512<float>>(inputs);
        if (CpuDevice.MaxVectorBits >= 256) yield return Map<TFunction, Vector256Backend, Vector256<float>>(inputs);
        yield return Map<TFunction, Vector128Backend, Vector128<float>>(inputs);
        yield return Map<TFunction, GpuVector4Backend, Float4>(inputs);
        yield return Map<TFunction, GpuScalarBackend, float>(inputs);
    }

    private static float[] Map<TFunction, TBackend, TVector>(float[] inputs)
        where TFunction : struct, IFunction
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var values = new float[(inputs.Length + TBackend.Width - 1) / TBackend.Width * TBackend.Width];
        inputs.CopyTo(values, 0);
        var vectors = MemoryMarshal.Cast<float, TVector>(values.AsSpan());
        for (var i = 0; i < vectors.Length; i++) vectors[i] = TFunction.Of<TBackend, TVector>(vectors[i]);
        return values[..inputs.Length];
    }

    private readonly struct Exp : IFunction
    {
        public static TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => VectorMath<TBackend, TVector>.Exp(x);
    }

    private readonly struct Log : IFunction
    {
        public static TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => VectorMath<TBackend, TVector>.Log(x);
    }

    private readonly struct LogOnePlus : IFunction
    {
        public static TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => VectorMath<TBackend, TVector>.LogOnePlus(x);
    }

    private readonly struct SoftplusActivation : IFunction
    {
        public static TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => Softplus.Forward<TBackend, TVector>(x, 0f);
    }

    private readonly struct Sigmoid : IFunction
    {
        public static TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => VectorMath<TBackend, TVector>.Sigmoid(x);
    }

    private readonly struct Tanh : IFunction
    {
        public static TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => VectorMath<TBackend, TVector>.Tanh(x);
    }

    private readonly struct NormalDistribution : IFunction
    {
        public static TVector Of<TBackend, TVector>(TVector x)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => VectorMath<TBackend, TVector>.NormalDistribution(x, out _);
    }
}
