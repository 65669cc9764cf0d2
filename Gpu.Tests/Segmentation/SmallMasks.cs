using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Segmentation;

/// <summary>A small U-Net and images with masks for it.</summary>
internal static class SmallMasks
{
    public const int Side = 16;
    public const int Classes = 3;

    /// <summary>The network of <c>make_segmentation_vectors.py</c>; with smooth activations and average pooling for finite differences.</summary>
    public static Model Network(LossKind loss, bool isSmooth = false)
    {
        var activation = isSmooth ? new Activation(ActivationKind.Silu) : Activation.Relu;
        Layer Pool() => isSmooth ? new AvgPool2dLayer(2) : new MaxPool2dLayer(2);
        Layer[] Block(int channels, string? name = null) =>
            [new Conv2dLayer(channels, 3) { Padding = 1, Bias = false }, new BatchNormLayer { Activation = activation, Name = name }];
        return new Model(
            "unet", TensorShape.Image(Side, Side, 3), new TrainingRecipe { Loss = loss },
            [
                .. Block(4, "skip1"), Pool(), .. Block(8, "skip2"), Pool(), .. Block(12), new ConvTranspose2dLayer(8, 2, 2) { Name = "up2" },
                new ConcatLayer { Inputs = ["skip2", "up2"] }, .. Block(8), new ConvTranspose2dLayer(4, 2, 2) { Name = "up1" },
                new ConcatLayer { Inputs = ["skip1", "up1"] }, .. Block(4), new Conv2dLayer(Classes, 1),
            ]);
    }

    /// <summary>Squares of two colors on noise; the top row is void.</summary>
    public static ImageDataset Squares(int train = 40, int test = 12) => new("squares", ["ground", "red", "blue"], Split(train, 1), Split(test, 2));

    private static ImageSplit Split(int count, int seed)
    {
        const int pixels = Side * Side;
        var random = new Random(seed);
        var (images, masks) = (new byte[3 * pixels * count], new byte[pixels * count]);
        random.NextBytes(images);
        for (var i = 0; i < images.Length; i++) images[i] /= 3;
        for (var n = 0; n < count; n++)
        {
            for (var label = 1; label < Classes; label++)
            {
                var (top, left) = (random.Next(1, Side - 6), random.Next(Side - 6));
                for (var y = top; y < top + 6; y++)
                {
                    for (var x = left; x < left + 6; x++)
                    {
                        var at = n * pixels + y * Side + x;
                        masks[at] = (byte)label;
                        for (var c = 0; c < 3; c++) images[3 * at + c] = (byte)(c == (label == 1 ? 0 : 2) ? 220 : 40);
                    }
                }
            }

            masks.AsSpan(n * pixels, Side).Fill(ImageSplit.VoidLabel);
        }

        return new ImageSplit(images, new int[count], Side, Side, 3).WithMasks(masks);
    }
}
