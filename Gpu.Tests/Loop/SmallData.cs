using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

/// <summary>A small data set that can be learned, and a network for it: a bright square on noise; the class is the quadrant of the square.</summary>
internal static class SmallData
{
    public const int Side = 8;
    public const int Classes = 4;

    public static ImageDataset Squares(int train = 150, int test = 60, int seed = 1) =>
        new("squares", ["top left", "top right", "bottom left", "bottom right"], Split(train, seed), Split(test, seed + 1000));

    /// <summary>A network with every source of randomness and state: convolution, batch normalization with running statistics, dropout.</summary>
    public static Model Network() => new(
        "small", TensorShape.Image(Side, Side, 1),
        new Conv2dLayer(6, 3) { Bias = false, Padding = 1 }, new BatchNormLayer { Activation = Gpu.Kernels.Activation.Relu },
        new MaxPool2dLayer(2), new DropoutLayer(0.2f), new FlattenLayer(), new DenseLayer(12) { Activation = Gpu.Kernels.Activation.Relu },
        new DropoutLayer(0.3f), new DenseLayer(Classes));

    private static ImageSplit Split(int count, int seed)
    {
        var random = new Random(seed);
        var pixels = new byte[count * Side * Side];
        var labels = new int[count];
        for (var n = 0; n < count; n++)
        {
            labels[n] = random.Next(Classes);
            var image = pixels.AsSpan(n * Side * Side, Side * Side);
            for (var i = 0; i < image.Length; i++) image[i] = (byte)random.Next(120);
            var (top, left) = (labels[n] / 2 * 4 + random.Next(2), labels[n] % 2 * 4 + random.Next(2));
            for (var y = 0; y < 3; y++)
                for (var x = 0; x < 3; x++)
                    image[(top + y) * Side + left + x] = (byte)(150 + random.Next(100));
        }

        return new ImageSplit(pixels, labels, Side, Side, 1);
    }
}
