using Gpu.Kernels;
using Gpu.Training.Data;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>The built-in models, each with a training recipe.</summary>
public static class BuiltInModels
{
    private static readonly BuiltIn[] Entries =
    [
        new("cnn2", "two 3x3 convolutions with pooling and two dense layers, for small gray images", TensorShape.Image(28, 28, 1), 10, Cnn2),
        new("mlp10", "2-10-1 perceptron with a sigmoid output and mean squared error, for two numbers", TensorShape.Features(2), 1, Mlp10),
        new("mlp64x2", "784-64-64-10 perceptron", TensorShape.Features(784), 10, Mlp64x2),
        new("cnn3", "three 3x3 convolutions and two dense layers, for small gray images", TensorShape.Image(28, 28, 1), 10, Cnn3),
        new("mlp128", "784-128-10 perceptron trained by plain gradient descent", TensorShape.Features(784), 10, Mlp128),
        new("lenet_bn28", "four 3x3 convolutions with batch normalization and dropout, for small gray images", TensorShape.Image(28, 28, 1), 10,
            (input, outputs) => LeNet("lenet_bn28", input, outputs)),
        new("lenet_bn32", "four 3x3 convolutions with batch normalization and dropout, for small color images", TensorShape.Image(32, 32, 3), 10,
            (input, outputs) => LeNet("lenet_bn32", input, outputs)),
        new("resnet20", "residual network of 20 layers with zero-padded shortcuts, for color images of any size", TensorShape.Image(32, 32, 3), 10,
            ResNet20) { EndsInGlobalPooling = true },
        new("vgg_small", "six 3x3 convolutions with batch normalization, 64 to 256 channels, for small color images", TensorShape.Image(32, 32, 3), 10,
            VggSmall),
        new("cifar_fast", "a 2x2 convolution to be whitened and six 3x3 ones with batch normalization and GELU, for small color images",
            TensorShape.Image(32, 32, 3), 10, (input, outputs) => Whitened("cifar_fast", input, outputs, widest: 256)),
        new("fashion_fast", "cifar_fast with half as many channels in its last four convolutions, for small gray images", TensorShape.Image(28, 28, 1), 10,
            (input, outputs) => Whitened("fashion_fast", input, outputs, widest: 128)),
        new("resnet18", "residual network of 18 layers in its ImageNet form, for color photos from about 64 pixels", TensorShape.Image(224, 224, 3), 1000,
            (input, outputs) => ResNet18("resnet18", input, outputs, lastBlocks: 2)) { EndsInGlobalPooling = true },
        new("resnet18_mlnet", "resnet18 as ML.NET has it, with a ninth residual block, for the weights resnet18-imagenet", TensorShape.Image(224, 224, 3),
            1000, (input, outputs) => ResNet18("resnet18_mlnet", input, outputs, lastBlocks: 3)) { EndsInGlobalPooling = true },
        new("mobilenet_small", "MobileNetV2 of half width with depthwise convolutions, for color photos from about 64 pixels",
            TensorShape.Image(128, 128, 3), 10, MobileNetSmall) { EndsInGlobalPooling = true },
        new(DefaultForMasks, "U-Net of four levels with batch normalization, 16 to 128 channels, a class for each pixel; sides are multiples of 8",
            TensorShape.Image(64, 64, 3), 4, UNetSmall) { Task = TaskKind.Segmentation },
        new("fcn_resnet", "residual network with transposed convolutions and added skip connections (FCN), a class for each pixel; sides are multiples of 16",
            TensorShape.Image(128, 128, 3), 21, FcnResNet) { Task = TaskKind.Segmentation },
        new(DefaultAutoencoder, "autoencoder with two strided convolutions, 32 numbers, and two transposed convolutions; sides are multiples of 4",
            TensorShape.Image(28, 28, 1), 1, AutoencoderSmall) { Task = TaskKind.Autoencoding },
        new("vae_small", "variational autoencoder with 16 latent values, for generate; sides are multiples of 4", TensorShape.Image(28, 28, 1), 1, VaeSmall)
            { Task = TaskKind.Autoencoding },
        new(DefaultGenerator, "generator and discriminator with transposed and strided convolutions (DCGAN) and a spectral norm; sides are multiples of 4",
            TensorShape.Image(28, 28, 1), 1,
            (image, outputs) => DcganSmall(image, outputs, classes: 0)) { Task = TaskKind.Generation },
    ];

    /// <summary>The name of the default model.</summary>
    public const string Default = "cnn2";

    /// <summary>The name of the default model for tables.</summary>
    public const string DefaultForTables = "mlp64x2";

    /// <summary>The name of the default model for images with masks.</summary>
    public const string DefaultForMasks = "unet_small";

    /// <summary>The name of the default autoencoder.</summary>
    public const string DefaultAutoencoder = "autoencoder_small";

    /// <summary>The name of the default generator with its discriminator.</summary>
    public const string DefaultGenerator = "dcgan_small";

    /// <summary>The names of the built-in models.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(known => known.Name)];

    /// <summary>The default model for images of a size.</summary>
    /// <param name="height">height of the images, in pixels</param>
    /// <param name="width">width of the images, in pixels</param>
    /// <param name="channels">1 for gray, 3 for color</param>
    /// <param name="classes">number of classes, which is the number of outputs</param>
    public static Model DefaultFor(int height, int width, int channels, int classes)
    {
        var (least, most) = (Math.Min(height, width), Math.Max(height, width));
        // Below 12 pixels nothing is left after the unpadded convolutions of cnn2. Above 48 the dense layers of the small networks become too large.
        var name = most > 48 ? "resnet20" : channels == 1 && least is >= 12 and <= 28 ? "cnn2" : channels == 1 ? "lenet_bn28" : "lenet_bn32";
        return Create(name, TensorShape.Image(height, width, channels), classes);
    }

    /// <summary>The default model for a data set: a perceptron for a table, else <see cref="DefaultFor(int, int, int, int)"/>.</summary>
    /// <param name="data">the data set</param>
    public static Model DefaultFor(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Task == TaskKind.Segmentation) return Create(DefaultForMasks, data.SampleShape, data.Classes);
        if (data.Task == TaskKind.Generation) return Create(DefaultGenerator, data.SampleShape, data.Outputs);
        if (data.Task == TaskKind.Autoencoding) return Create(DefaultAutoencoder, data.SampleShape, data.Outputs);
        return data is ImageDataset images
            ? DefaultFor(images.Height, images.Width, images.Channels, images.Classes)
            : TaskModel.Adapt(Create(DefaultForTables, data.SampleShape, data.Outputs), data.Task, out _);
    }

    /// <summary>A one-line description of a model.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static string Describe(string name) => Find(name).Description;

    /// <summary>Creates a model by name with the input and outputs of its publication.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static Model Get(string name)
    {
        var known = Find(name);
        return known.Make(known.Input, known.Outputs);
    }

    /// <summary>Creates a model by name, adapted to the data: the layers stay, and the sizes of the first and the dense layers follow.</summary>
    /// <param name="name">the name</param>
    /// <param name="input">the shape of a sample; a perceptron takes an image as that many numbers</param>
    /// <param name="outputs">number of outputs, which is the number of classes of a classifier; at least 1</param>
    /// <exception cref="ModelException">
    /// there is no such model, and the message suggests the nearest name; or a layer cannot take the input, such as a small image, and the message names it
    /// </exception>
    public static Model Create(string name, TensorShape input, int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        var known = Find(name);
        return known.Make(known.Input.IsImage ? input : TensorShape.Features(input.Length), outputs);
    }

    /// <summary>Creates the default generator and discriminator so that both are told the class (<see cref="Model.ConditionClasses"/>).</summary>
    /// <param name="image">the shape of the images</param>
    /// <param name="classes">number of classes, at least 2</param>
    /// <exception cref="ModelException">the sides of the images are not multiples of 4</exception>
    public static Model CreateConditional(TensorShape image, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        return DcganSmall(image, image.Channels, classes);
    }

    /// <summary>The input of a model as it was published.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static TensorShape PublishedInput(string name) => Find(name).Input;

    /// <summary>Whether a model ends in global pooling, so that its weights do not depend on the size of the images.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static bool EndsInGlobalPooling(string name) => Find(name).EndsInGlobalPooling;

    /// <summary>Whether a model gives a class for each pixel, for images with masks.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static bool IsForMasks(string name) => Find(name).Task == TaskKind.Segmentation;

    /// <summary>What a model is made for: classification (also of tables), segmentation, autoencoding or generation.</summary>
    /// <exception cref="ModelException">there is no such model; the message suggests the nearest name</exception>
    public static TaskKind TaskOf(string name) => Find(name).Task;

    private static BuiltIn Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Array.Find(Entries, known => known.Name == name) is { } found) return found;
        var nearest = NearestName.Find(name, Names);
        throw new ModelException($"There is no built-in model '{name}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Built-in models: "
            + $"{string.Join(", ", Names)}.");
    }

    private static TrainingRecipe Adam(float learningRate, float weightDecay, LossKind loss = LossKind.SoftmaxCrossEntropy) =>
        new() { Loss = loss, Optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.Adam) with { LearningRate = learningRate, WeightDecay = weightDecay } };

    private static TrainingRecipe Nesterov(float learningRate) => new()
    {
        Optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.Nesterov) with { LearningRate = learningRate, WeightDecay = 5e-4f, DecayOn = DecayTarget.All },
    };

    private static Conv2dLayer Convolution(int channels) => new(channels, 3) { Activation = Activation.Relu };

    private static DenseLayer Dense(int units) => new(units) { Activation = Activation.Relu };

    private static Model Cnn2(TensorShape input, int outputs) => new(
        "cnn2", input, Adam(1e-3f, 5e-4f),
        Convolution(32), new MaxPool2dLayer(2), Convolution(64), new MaxPool2dLayer(2), new FlattenLayer(), Dense(64), new DenseLayer(outputs));

    private static Model Mlp10(TensorShape input, int outputs) => new(
        "mlp10", input, Adam(0.01f, 1e-3f, LossKind.MeanSquaredError),
        Dense(10), new DenseLayer(outputs) { Activation = new Activation(ActivationKind.Sigmoid) });

    private static Model Mlp64x2(TensorShape input, int outputs) =>
        new("mlp64x2", input, Adam(1e-3f, 1e-3f), Dense(64), Dense(64), new DenseLayer(outputs));

    private static Model Cnn3(TensorShape input, int outputs) => new(
        "cnn3", input, Adam(1e-3f, 0),
        Convolution(32), new MaxPool2dLayer(2), Convolution(64), new MaxPool2dLayer(2), Convolution(64), new FlattenLayer(), Dense(64),
        new DenseLayer(outputs));

    private static Model Mlp128(TensorShape input, int outputs)
    {
        var sgd = OptimizerOptions.DefaultsFor(OptimizerKind.Sgd) with { LearningRate = 0.01f, WeightDecay = 1e-4f, DecayOn = DecayTarget.All };
        return new("mlp128", input, new TrainingRecipe { Optimizer = sgd }, Dense(128), new DenseLayer(outputs));
    }

    private static Layer[] Normalized(int channels, int stride = 1, bool activation = true) =>
    [
        new Conv2dLayer(channels, 3) { Stride = stride, Padding = 1, Bias = false },
        new BatchNormLayer { Activation = activation ? Activation.Relu : Activation.None },
    ];

    private static Model LeNet(string name, TensorShape input, int outputs) => new(
        name, input, Adam(1e-3f, 5e-4f),
        [
            .. Normalized(32), .. Normalized(32), new MaxPool2dLayer(2), new DropoutLayer(0.25f),
            .. Normalized(64), .. Normalized(64), new MaxPool2dLayer(2), new DropoutLayer(0.25f), new FlattenLayer(),
            new DenseLayer(128) { Bias = false }, new BatchNormLayer { Activation = Activation.Relu }, new DropoutLayer(0.5f), new DenseLayer(outputs),
        ]);

    private static Model ResNet20(TensorShape input, int outputs)
    {
        var layers = new List<Layer>(Normalized(16));
        foreach (var (channels, firstStride) in new[] { (16, 1), (32, 2), (64, 2) })
        {
            for (var block = 0; block < 3; block++)
            {
                var stride = block == 0 ? firstStride : 1;
                layers.Add(new ResidualBlock([.. Normalized(channels, stride), .. Normalized(channels, activation: false)])
                {
                    Shortcut = stride == 1 ? Shortcut.Identity : Shortcut.ZeroPadded,
                });
            }
        }

        return new("resnet20", input, Nesterov(0.1f), [.. layers, new GlobalAvgPool2dLayer(), new DenseLayer(outputs)]);
    }

    private static Model VggSmall(TensorShape input, int outputs)
    {
        var layers = new List<Layer>();
        foreach (var channels in new[] { 64, 128, 256 })
            layers.AddRange([.. Normalized(channels), .. Normalized(channels), new MaxPool2dLayer(2)]);
        return new("vgg_small", input, Nesterov(0.05f), [.. layers, new FlattenLayer(), new DenseLayer(outputs)]);
    }

    // Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024: its network, without the factor 1/9 of the outputs. Instead the weights of the last
    // layer start at 0, and the recipe cifar10-fast makes their learning rate smaller.
    // The first layer has as many filters as a patch has eigenvectors and their negatives.
    private static Model Whitened(string name, TensorShape input, int outputs, int widest)
    {
        var gelu = new Activation(ActivationKind.Gelu);
        var layers = new List<Layer> { new Conv2dLayer(8 * input.Channels, 2) { Activation = gelu } };
        foreach (var channels in new[] { 64, widest, widest })
            layers.AddRange([Dirac(channels), new MaxPool2dLayer(2), Normalized(), Dirac(channels), Normalized()]);
        var recipe = Nesterov(0.1f);
        recipe = recipe with { LabelSmoothing = 0.2f, Optimizer = recipe.Optimizer with { DecayOn = DecayTarget.Weights } };
        var last = new DenseLayer(outputs) { Bias = false, Initializer = Initializer.Zeros };
        return new(name, input, recipe, [.. layers, new MaxPool2dLayer(3), new FlattenLayer(), last]);

        static Conv2dLayer Dirac(int channels) => new(channels, 3) { Padding = 1, Bias = false, Initializer = Initializer.Dirac };

        BatchNormLayer Normalized() => new() { Activation = gelu, Momentum = 0.4f };
    }

    // He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015, table 1, 18 layers, with the projections of option B, each normalized, as in
    // torchvision's resnet18, which has the same 11,689,512 parameters. The learning rate is the paper's 0.1 for batches of 256, for batches of 64.
    private static Model ResNet18(string name, TensorShape input, int outputs, int lastBlocks)
    {
        var layers = new List<Layer>
        {
            new Conv2dLayer(64, 7) { Stride = 2, Padding = 3, Bias = false },
            new BatchNormLayer { Activation = Activation.Relu },
            new MaxPool2dLayer(3) { Stride = 2, Padding = 1 },
        };
        foreach (var (channels, firstStride) in new[] { (64, 1), (128, 2), (256, 2), (512, 2) })
        {
            layers.Add(new ResidualBlock([.. Normalized(channels, firstStride), .. Normalized(channels, activation: false)])
            {
                Shortcut = firstStride == 1 ? Shortcut.Identity : Shortcut.NormalizedProjection,
            });
            for (var block = 1; block < (channels == 512 ? lastBlocks : 2); block++)
                layers.Add(new ResidualBlock([.. Normalized(channels), .. Normalized(channels, activation: false)]));
        }

        return new(name, input, Nesterov(0.025f), [.. layers, new GlobalAvgPool2dLayer(), new DenseLayer(outputs)]);
    }

    // Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: inverted residuals and linear bottlenecks", 2018, table 2, with width multiplier 0.5. It differs in
    // two points: the multiplier also applies to the last convolution (640 channels instead of 1280), and the activation is ReLU instead of ReLU6.
    private static Model MobileNetSmall(TensorShape input, int outputs)
    {
        var layers = new List<Layer>(Normalized(16, stride: 2));
        var channels = 16;
        // Expansion factor, output channels, blocks, stride of the first block. The channels are half of the table's, rounded to multiples of 8.
        foreach (var (expansion, width, blocks, firstStride) in new[]
            { (1, 8, 1, 1), (6, 16, 2, 2), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1), (6, 80, 3, 2), (6, 160, 1, 1) })
        {
            for (var block = 0; block < blocks; block++)
            {
                layers.Add(InvertedResidual(channels, expansion, width, block == 0 ? firstStride : 1));
                channels = width;
            }
        }

        var optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.AdamW) with { LearningRate = 2e-3f, WeightDecay = 0.05f };
        return new("mobilenet_small", input, new TrainingRecipe { Optimizer = optimizer },
            [.. layers, .. Pointwise(640), new GlobalAvgPool2dLayer(), new DropoutLayer(0.2f), new DenseLayer(outputs)]);
    }

    private static Layer[] Pointwise(int channels, bool activation = true) =>
    [
        new Conv2dLayer(channels, 1) { Bias = false },
        new BatchNormLayer { Activation = activation ? Activation.Relu : Activation.None },
    ];

    // Expands the channels, filters each of them, and projects them onto fewer channels without an activation.
    private static Layer InvertedResidual(int channels, int expansion, int width, int stride)
    {
        var expanded = channels * expansion;
        Layer[] body =
        [
            .. expansion == 1 ? [] : Pointwise(expanded),
            new Conv2dLayer(expanded, 3) { Stride = stride, Padding = 1, Groups = expanded, Bias = false },
            new BatchNormLayer { Activation = Activation.Relu },
            .. Pointwise(width, activation: false),
        ];
        return stride == 1 && channels == width ? new ResidualBlock(body) { Activation = Activation.None } : new SequenceBlock(body);
    }

    // Ronneberger, Fischer, Brox, "U-Net", 2015, with four levels, padded convolutions, batch normalization and one convolution in each level of the decoder.
    private static Model UNetSmall(TensorShape input, int outputs)
    {
        RequireMultiple("unet_small", input, 8);
        int[] channels = [16, 32, 64];
        var layers = new List<Layer>();
        for (var level = 0; level < channels.Length; level++)
        {
            layers.AddRange([.. Normalized(channels[level]), new Conv2dLayer(channels[level], 3) { Padding = 1, Bias = false }]);
            layers.AddRange([new BatchNormLayer { Name = $"skip{level + 1}", Activation = Activation.Relu }, new MaxPool2dLayer(2)]);
        }

        layers.AddRange([.. Normalized(128), .. Normalized(128)]);
        for (var level = channels.Length - 1; level >= 0; level--)
        {
            layers.Add(new ConvTranspose2dLayer(channels[level], 2, 2) { Name = $"up{level + 1}" });
            layers.Add(new ConcatLayer { Inputs = [$"skip{level + 1}", $"up{level + 1}"] });
            layers.AddRange(Normalized(channels[level]));
        }

        return new("unet_small", input, ForMasks(2e-3f), [.. layers, new Conv2dLayer(outputs, 1)]);
    }

    // Long, Shelhamer, Darrell, "Fully convolutional networks for semantic segmentation", 2015: scores at three strides, each enlarged and added to the next,
    // on a residual network.
    private static Model FcnResNet(TensorShape input, int outputs)
    {
        RequireMultiple("fcn_resnet", input, 16);
        var layers = new List<Layer>(Normalized(32, stride: 2));
        foreach (var (channels, stride) in new[] { (32, 1), (64, 2), (128, 2), (256, 2) })
        {
            layers.Add(new ResidualBlock([.. Normalized(channels, stride), .. Normalized(channels, activation: false)])
            {
                Name = $"stage{channels}", Shortcut = stride == 1 ? Shortcut.Identity : Shortcut.NormalizedProjection,
            });
        }

        layers.Add(new Conv2dLayer(outputs, 1) { Name = "score256" });
        var score = "score256";
        foreach (var channels in new[] { 128, 64, 32 })
        {
            var enlarged = $"enlarged{channels}";
            layers.Add(new ConvTranspose2dLayer(outputs, 4, 2) { Name = enlarged, Inputs = [score], Padding = 1 });
            layers.Add(new Conv2dLayer(outputs, 1) { Name = $"score{channels}", Inputs = [$"stage{channels}"] });
            layers.Add(new AddLayer { Name = score = $"sum{channels}", Inputs = [enlarged, $"score{channels}"] });
        }

        return new("fcn_resnet", input, ForMasks(1e-3f), [.. layers, new ConvTranspose2dLayer(outputs, 4, 2) { Padding = 1 }]);
    }

    // Halves the size twice; the code of 32 numbers is the output of the dense layer 'code'.
    private static Model AutoencoderSmall(TensorShape input, int outputs)
    {
        RequireMultiple(DefaultAutoencoder, input, 4);
        return new(
            DefaultAutoencoder, input, Adam(1e-3f, 0, LossKind.ReconstructionError),
            [
                .. Normalized(16, stride: 2), .. Normalized(32, stride: 2), new FlattenLayer(), new DenseLayer(32) { Name = "code" },
                .. Decoder(input, outputs, 32),
            ]);
    }

    // Kingma, Welling, "Auto-encoding variational Bayes", 2013, with convolutions. The outputs are logits of pixel values.
    private static Model VaeSmall(TensorShape input, int outputs)
    {
        RequireMultiple("vae_small", input, 4);
        return new(
            "vae_small", input, Adam(1e-3f, 0, LossKind.ReconstructionCrossEntropy),
            [
                .. Normalized(32, stride: 2), .. Normalized(64, stride: 2), new FlattenLayer(), new DenseLayer(2 * 16) { Name = "code" },
                new LatentSampleLayer(), .. Decoder(input, outputs, 64),
            ]);
    }

    // Radford, Metz, Chintala, "Unsupervised representation learning with deep convolutional generative adversarial networks", 2015, in small. The
    // discriminator
    // has a limited spectral norm instead of batch normalization (after Miyato et al. 2018).
    private static Model DcganSmall(TensorShape image, int outputs, int classes)
    {
        RequireMultiple(DefaultGenerator, image, 4);
        const int latent = 64, channels = 64;
        var optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.Adam) with { Beta1 = 0.5 };
        var leaky = new Activation(ActivationKind.LeakyRelu, 0.2f);
        var (height, width) = (image.Height / 4, image.Width / 4);
        return new Model(
            DefaultGenerator, TensorShape.Features(latent + classes),
            new TrainingRecipe { Loss = LossKind.NonSaturating, Optimizer = optimizer },
            new DenseLayer(height * width * channels) { Bias = false }, new ReshapeLayer { Height = height, Width = width },
            new BatchNormLayer { Activation = Activation.Relu }, new ConvTranspose2dLayer(channels / 2, 4, 2) { Padding = 1, Bias = false },
            new BatchNormLayer { Activation = Activation.Relu },
            new ConvTranspose2dLayer(outputs, 4, 2) { Padding = 1, Activation = new Activation(ActivationKind.Tanh) })
        {
            Discriminator = new Model(
                "discriminator", TensorShape.Image(image.Height, image.Width, outputs + classes),
                new TrainingRecipe { Loss = LossKind.BinaryCrossEntropy, Optimizer = optimizer with { SpectralNorm = 2 } },
                new Conv2dLayer(channels / 2, 4) { Stride = 2, Padding = 1, Activation = leaky },
                new Conv2dLayer(channels, 4) { Stride = 2, Padding = 1, Activation = leaky }, new FlattenLayer(), new DenseLayer(1)),
        };
    }

    // From features to an image whose size is doubled twice.
    private static Layer[] Decoder(TensorShape image, int outputs, int channels) =>
    [
        Dense(image.Height / 4 * (image.Width / 4) * channels),
        new ReshapeLayer { Height = image.Height / 4, Width = image.Width / 4 },
        new ConvTranspose2dLayer(channels / 2, 4, 2) { Padding = 1, Bias = false },
        new BatchNormLayer { Activation = Activation.Relu },
        new ConvTranspose2dLayer(outputs, 4, 2) { Padding = 1 },
    ];

    private static TrainingRecipe ForMasks(float learningRate) => new()
    {
        Loss = LossKind.PixelCrossEntropy,
        Optimizer = OptimizerOptions.DefaultsFor(OptimizerKind.AdamW) with { LearningRate = learningRate, WeightDecay = 0.01f },
    };

    private static void RequireMultiple(string name, TensorShape input, int multiple)
    {
        if (input.IsImage && input.Height % multiple == 0 && input.Width % multiple == 0) return;
        var (height, width) = (Math.Max(multiple, input.Height / multiple * multiple), Math.Max(multiple, input.Width / multiple * multiple));
        throw new ModelException(
            $"The model '{name}' takes images whose height and width are multiples of {multiple}, but got {input}. Resize them, such as with --size "
            + $"{height}x{width}.");
    }

    private sealed record BuiltIn(string Name, string Description, TensorShape Input, int Outputs, Func<TensorShape, int, Model> Make)
    {
        public bool EndsInGlobalPooling { get; init; }

        public TaskKind Task { get; init; }
    }
}
