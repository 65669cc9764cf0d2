using Gpu.Kernels;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Initialization;

public class ParameterSamplerTests
{
    private const int FanIn = 90;
    private const int FanOut = 160;

    [Theory]
    [InlineData(Initializer.HeUniform, 2.0 / FanIn, true)]
    [InlineData(Initializer.HeNormal, 2.0 / FanIn, false)]
    [InlineData(Initializer.GlorotUniform, 2.0 / (FanIn + FanOut), true)]
    [InlineData(Initializer.GlorotNormal, 2.0 / (FanIn + FanOut), false)]
    [InlineData(Initializer.PyTorch, 1.0 / (3 * FanIn), true)]
    public void MomentsMatchTheDistribution(Initializer initializer, double variance, bool uniform)
    {
        var values = ParameterSampler.Sample(Parameter("a.weight", initializer, 100_000), seed: 1);
        var mean = values.Average();
        var second = values.Average(v => (double)v * v);
        var fourth = values.Average(v => Math.Pow(v, 4));
        Assert.Equal(0, mean / Math.Sqrt(variance), 0.02);
        Assert.Equal(1, second / variance, 0.02);
        // Kurtosis: 9/5 for a uniform distribution, 3 for a normal one.
        Assert.Equal(uniform ? 1.8 : 3.0, fourth / (second * second), 0.1);
        if (uniform) Assert.InRange(values.Max(Math.Abs), 0.99 * Math.Sqrt(3 * variance), Math.Sqrt(3 * variance) * 1.0001);
    }

    // torch.nn.init.dirac_(weight[:inputs]) sets the same values.
    [Theory]
    [InlineData(3, 5, 1)]
    [InlineData(5, 3, 1)]
    [InlineData(4, 12, 2)]
    public void DiracFiltersCopyOneChannelEach(int inputs, int outputs, int groups)
    {
        var layer = new Conv2dLayer(outputs, new Extent(3, 2)) { Groups = groups, Initializer = Initializer.Dirac, Activation = Activation.Relu };
        var parameters = new Model("m", TensorShape.Image(6, 6, inputs), layer).Parameters;
        Assert.Equal(Initializer.Zeros, parameters[1].Declaration.Initializer);
        var values = ParameterSampler.Sample(parameters[0], 1);
        var (perGroup, bound) = (inputs / groups, Math.Sqrt(1.0 / (inputs / groups * 6)));
        for (var filter = 0; filter < outputs; filter++)
        {
            var taps = Enumerable.Range(0, 6 * perGroup).Select(row => values[row * outputs + filter]).ToArray();
            var channel = filter % (outputs / groups);
            if (channel < perGroup)
            {
                // Row 1 and column 1 of the kernel.
                Assert.Equal(3 * perGroup + channel, Array.IndexOf(taps, 1f));
                Assert.Equal(1, taps.Sum(Math.Abs));
            }
            else
            {
                Assert.Equal(taps.Length, taps.Distinct().Count());
                Assert.InRange(taps.Max(Math.Abs), 0.3 * bound, bound);
            }
        }
    }

    [Fact]
    public void DiracIsForConvolutions()
    {
        Layer[] layers = [new DenseLayer(4) { Initializer = Initializer.Dirac }, new ConvTranspose2dLayer(4, 3, 2) { Initializer = Initializer.Dirac }];
        foreach (var layer in layers)
        {
            var input = layer is DenseLayer ? TensorShape.Features(3) : TensorShape.Image(4, 4, 3);
            Assert.Contains("only a convolution can have", Assert.Throws<ModelException>(() => new Model("m", input, layer)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ValuesDependOnNameAndSeed()
    {
        var a = ParameterSampler.Sample(Parameter("a.weight", Initializer.HeUniform, 101), 1);
        Assert.Equal(a, ParameterSampler.Sample(Parameter("a.weight", Initializer.HeUniform, 101), 1));
        Assert.NotEqual(a, ParameterSampler.Sample(Parameter("b.weight", Initializer.HeUniform, 101), 1));
        Assert.NotEqual(a, ParameterSampler.Sample(Parameter("a.weight", Initializer.HeUniform, 101), 2));
        Assert.Equal(a[..50], ParameterSampler.Sample(Parameter("a.weight", Initializer.HeUniform, 50), 1));
    }

    [Theory]
    [InlineData(ActivationKind.Relu, Initializer.HeUniform)]
    [InlineData(ActivationKind.Silu, Initializer.HeUniform)]
    [InlineData(ActivationKind.Softplus, Initializer.HeUniform)]
    [InlineData(ActivationKind.Tanh, Initializer.GlorotUniform)]
    [InlineData(ActivationKind.Identity, Initializer.PyTorch)]
    public void DefaultInitializerDependsOnTheActivation(ActivationKind activation, Initializer expected)
    {
        var model = new Model("m", TensorShape.Features(3), new DenseLayer(4) { Activation = new Activation(activation) });
        Assert.Equal([expected, Initializer.Zeros], model.Parameters.Select(parameter => parameter.Declaration.Initializer));
    }

    [Fact]
    public void InitializerOverrideAppliesToWeightsAndPyTorchToBiases()
    {
        var gamma = new ModelParameter("n.gamma", new("gamma", [4], 4, 4, Initializer.Ones, Decays: false));
        Assert.Equal([1f, 1f, 1f, 1f], ParameterSampler.Sample(gamma, 1, Initializer.HeNormal));
        var bias = new ModelParameter("a.bias", new("bias", [4], FanIn, FanOut, Initializer.Zeros, Decays: false));
        Assert.Equal([0f, 0f, 0f, 0f], ParameterSampler.Sample(bias, 1, Initializer.HeNormal));
        Assert.All(ParameterSampler.Sample(bias, 1, Initializer.PyTorch), value => Assert.NotEqual(0f, value));
    }

    private static ModelParameter Parameter(string name, Initializer initializer, int length) =>
        new(name, new ParameterDeclaration("weight", [length], FanIn, FanOut, initializer, Decays: true));
}
