using Gpu.Kernels.Activations;
using Gpu.Training.Initialisation;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Initialisation;

public class ParameterDrawTests
{
    private const int FanIn = 90;
    private const int FanOut = 160;

    [Theory]
    [InlineData(Initialiser.HeUniform, 2.0 / FanIn, true)]
    [InlineData(Initialiser.HeNormal, 2.0 / FanIn, false)]
    [InlineData(Initialiser.GlorotUniform, 2.0 / (FanIn + FanOut), true)]
    [InlineData(Initialiser.GlorotNormal, 2.0 / (FanIn + FanOut), false)]
    [InlineData(Initialiser.PyTorch, 1.0 / (3 * FanIn), true)]
    public void MomentsAreThoseOfTheDistribution(Initialiser initialiser, double variance, bool uniform)
    {
        var values = ParameterDraw.Values(Parameter("a.weight", initialiser, 100_000), seed: 1);
        var mean = values.Average();
        var second = values.Average(v => (double)v * v);
        var fourth = values.Average(v => Math.Pow(v, 4));
        Assert.Equal(0, mean / Math.Sqrt(variance), 0.02);
        Assert.Equal(1, second / variance, 0.02);
        // Kurtosis: 9/5 of a uniform distribution, 3 of a normal one.
        Assert.Equal(uniform ? 1.8 : 3.0, fourth / (second * second), 0.1);
        if (uniform) Assert.InRange(values.Max(Math.Abs), 0.99 * Math.Sqrt(3 * variance), Math.Sqrt(3 * variance) * 1.0001);
    }

    [Fact]
    public void NameAndSeedDecide()
    {
        var a = ParameterDraw.Values(Parameter("a.weight", Initialiser.HeUniform, 101), 1);
        Assert.Equal(a, ParameterDraw.Values(Parameter("a.weight", Initialiser.HeUniform, 101), 1));
        Assert.NotEqual(a, ParameterDraw.Values(Parameter("b.weight", Initialiser.HeUniform, 101), 1));
        Assert.NotEqual(a, ParameterDraw.Values(Parameter("a.weight", Initialiser.HeUniform, 101), 2));
        Assert.Equal(a[..50], ParameterDraw.Values(Parameter("a.weight", Initialiser.HeUniform, 50), 1));
    }

    [Theory]
    [InlineData(ActivationKind.Relu, Initialiser.HeUniform)]
    [InlineData(ActivationKind.Silu, Initialiser.HeUniform)]
    [InlineData(ActivationKind.Tanh, Initialiser.GlorotUniform)]
    [InlineData(ActivationKind.Identity, Initialiser.PyTorch)]
    public void AutomaticChoiceGoesByTheActivation(ActivationKind activation, Initialiser expected)
    {
        var model = new Model("m", TensorShape.Features(3), new DenseLayer(4) { Activation = new Activation(activation) });
        Assert.Equal([expected, Initialiser.Zeros], model.Parameters.Select(parameter => parameter.Declaration.Initialiser));
    }

    [Fact]
    public void OnlyWeightsAreDrawnInAnotherWay()
    {
        var gamma = new ModelParameter("n.gamma", new("gamma", [4], 4, 4, Initialiser.Ones, Decays: false));
        Assert.Equal([1f, 1f, 1f, 1f], ParameterDraw.Values(gamma, 1, Initialiser.HeNormal));
        var bias = new ModelParameter("a.bias", new("bias", [4], FanIn, FanOut, Initialiser.Zeros, Decays: false));
        Assert.Equal([0f, 0f, 0f, 0f], ParameterDraw.Values(bias, 1, Initialiser.HeNormal));
        Assert.All(ParameterDraw.Values(bias, 1, Initialiser.PyTorch), value => Assert.NotEqual(0f, value));
    }

    private static ModelParameter Parameter(string name, Initialiser initialiser, int length) =>
        new(name, new ParameterDeclaration("weight", [length], FanIn, FanOut, initialiser, Decays: true));
}
