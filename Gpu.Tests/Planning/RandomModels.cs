using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Planning;

/// <summary>Draws small classifiers whose layers follow each other in any order that the shapes permit.</summary>
internal sealed class RandomModels(int seed)
{
    private static readonly ActivationKind[] Kinds = Enum.GetValues<ActivationKind>();

    private readonly Random _random = new(seed);

    /// <summary>A classifier of 8x6 images with 3 channels and 4 classes.</summary>
    public Model Next()
    {
        var layers = Layers(_random.Next(2, 7), channels: 3, mayResize: true, depth: 0);
        layers.Add(_random.Next(2) == 0 ? new GlobalAvgPool2dLayer() : new FlattenLayer());
        for (var dense = _random.Next(3); dense > 0; dense--)
        {
            layers.Add(new DenseLayer(6) { Activation = Activation(), Bias = _random.Next(3) > 0 });
            layers.AddRange(Pointwise());
        }

        layers.Add(new DenseLayer(4));
        return new Model("random", TensorShape.Image(8, 6, 3), [.. layers]);
    }

    private List<Layer> Layers(int count, int channels, bool mayResize, int depth)
    {
        var layers = new List<Layer>();
        // The layers whose output has the present height and width, with their channels; -1 is the input of the block.
        var branches = new List<(int Index, int Channels)> { (-1, channels) };
        while (count-- > 0)
        {
            if (layers.Count > 0) branches.Add((layers.Count - 1, channels));
            switch (_random.Next(mayResize ? 10 : 9))
            {
                case 0 or 1:
                    // Inside a block the channels stay, so that an identity shortcut fits.
                    layers.Add(new Conv2dLayer(depth == 0 ? channels = _random.Next(2, 6) : channels, 3)
                    {
                        Padding = 1, Activation = Activation(), WeightStandardization = _random.Next(4) == 0,
                    });
                    break;
                case 2:
                    layers.Add(new BatchNormLayer { Activation = Activation() });
                    break;
                case 3 when depth < 2:
                    var body = Layers(_random.Next(1, 4), channels, mayResize: false, depth + 1);
                    var shortcut = (Shortcut)_random.Next(4);
                    layers.Add(new ResidualBlock([.. body]) { Shortcut = shortcut, Activation = Activation() });
                    break;
                case 7:
                    var addend = branches.Where(branch => branch.Channels == channels).ToArray() is { Length: > 0 } equal ? equal[_random.Next(equal.Length)]
                        : (layers.Count - 1, channels);
                    layers.Add(new AddLayer { Inputs = [NameOf(layers, layers.Count - 1), NameOf(layers, addend.Item1)], Activation = Activation() });
                    break;
                case 8 when depth == 0:
                    var other = branches[_random.Next(branches.Count)];
                    layers.Add(new ConcatLayer { Inputs = [NameOf(layers, other.Index), NameOf(layers, layers.Count - 1)] });
                    channels += other.Channels;
                    break;
                case 9:
                    // The images stay at least 4x3.
                    layers.Add(_random.Next(4) switch
                    {
                        0 => new MaxPool2dLayer(2),
                        1 => new AvgPool2dLayer(2),
                        2 => new UpsampleLayer(2),
                        _ => new ConvTranspose2dLayer(channels = _random.Next(2, 6), 3, 2) { Activation = Activation() },
                    });
                    mayResize = false;
                    branches.Clear();
                    break;
                default:
                    layers.AddRange(Pointwise());
                    break;
            }
        }

        return layers.Count > 0 ? layers : [new DropoutLayer(0.2f)];
    }

    // The automatic name.
    private static string NameOf(List<Layer> layers, int index) => index < 0 ? "input"
        : LayerRegistry.PrefixOf(layers[index]) + layers.Take(index + 1).Count(layer => LayerRegistry.KindOf(layer) == LayerRegistry.KindOf(layers[index]));

    private IEnumerable<Layer> Pointwise()
    {
        for (var count = _random.Next(3); count > 0; count--)
            yield return _random.Next(2) == 0 ? new DropoutLayer(0.3f) : new ActivationLayer(Activation());
    }

    private Activation Activation() => new(Kinds[_random.Next(Kinds.Length)], 0.1f);
}
