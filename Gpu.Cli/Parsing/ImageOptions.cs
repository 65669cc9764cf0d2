using System.CommandLine;
using System.Globalization;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Cli.Parsing;

/// <summary>Options that say how the images of a data set are brought to one size, and loading with them.</summary>
internal sealed class ImageOptions
{
    // Tiny images are enlarged to the sizes that networks were made for.
    private const int SmallSide = 256;

    private readonly Option<(int Height, int Width)?> _size = Options.Checked(
        "--size", "N|HxW", $"Size that images are resized to: a side, or height x width, such as 96x128 (1 to {ImageTransform.LargestSide})",
        "the network's input, or by the images",
        (int, int)? (text) => ParseSize(text));

    private readonly Option<string?> _fit = Options.OneOf(
        "--fit", "How images of other proportions are resized: crop keeps the center, pad adds background, stretch distorts", "crop", "crop", "pad", "stretch");

    private readonly Option<bool> _skipUnreadable = CreateSkipUnreadable();

    /// <summary>Creates the option <c>--skip-unreadable</c>.</summary>
    public static Option<bool> CreateSkipUnreadable() =>
        Options.Flag("--skip-unreadable", "List image files that cannot be read and leave them out, instead of failing (default: off)");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_size);
        command.Options.Add(_fit);
        command.Options.Add(_skipUnreadable);
    }

    /// <summary>The names of given options that a resumed run does not take.</summary>
    public IEnumerable<string> Given(ParseResult parsed) => new[] { _size.Name, _fit.Name }.Where(name => TrainOptions.IsGiven(parsed, name));

    /// <summary>Loads a data set for a new network, and creates the network.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="source">Data set name or folder.</param>
    /// <param name="modelName">Name or file of the network; null for the default by size.</param>
    /// <param name="background">Background of transparent images and of padding.</param>
    /// <param name="reporter">Receives notes.</param>
    /// <param name="coarseLabels">Whether to use the coarse labels of CIFAR-100.</param>
    /// <param name="check">Receives the network and the number of images before they are decoded, if they are large; null for nothing.</param>
    /// <param name="task">A task that needs no labels; null for that of the data.</param>
    /// <param name="isConditional">Whether a generator is told the class.</param>
    public (ImageDataset Data, Model Model) Load(
        ParseResult parsed, string source, string? modelName, RgbColor background, Reporter reporter, bool coarseLabels = false,
        Action<Model, int>? check = null, TaskKind? task = null, bool isConditional = false)
    {
        // Reports a wrong name before the images are read.
        var given = modelName is null ? null : ModelArgument.Find(modelName);
        var wanted = task ?? (DatasetLoader.HasMasks(source) ? TaskKind.Segmentation : TaskKind.Classification);
        modelName = ForTask(source, modelName, wanted);
        var fixedModel = modelName is null || BuiltInModels.Names.Contains(modelName) ? null : given;
        if (isConditional && fixedModel is not null)
        {
            throw new UsageException(
                $"--conditional is for the built-in {BuiltInModels.DefaultGenerator}. A model file tells the classes itself, by as many more values of the "
                + "input of the generator and channels of the input of the discriminator. Omit it.");
        }

        InputSize? input = null;
        var data = DatasetLoader.Load(source, new DatasetOptions
        {
            Background = background,
            SkipsUnreadable = parsed.GetValue(_skipUnreadable),
            Note = reporter.Note,
            ChooseTransform = Choose,
            CoarseLabels = coarseLabels,
            ClassesOptional = task is not null,
        });
        if (input?.Channels is { } channels && channels != data.Channels)
        {
            reporter.Note($"The images are converted to {(channels == 1 ? "gray" : "RGB")}, as {given!.Name} takes them.");
            data = data.ToChannels(channels);
        }

        if (task is { } other) data = data.ForTask(other);
        if (isConditional && data.Classes < 2)
        {
            throw new UsageException(
                $"--conditional needs class folders, at least two, but the images of '{source}' have no classes. Move them into class folders, such as "
                + "'cat/1.jpg' and 'dog/2.jpg', or omit --conditional.");
        }

        if (isConditional) return (data, BuiltInModels.CreateConditional(data.SampleShape, data.Classes));
        return (data, fixedModel ?? BuiltIn(modelName ?? input?.DefaultModel, data.SampleShape, data.Outputs));

        // The network with the fewest channels and classes that the images can have, which are not known yet.
        Model AtLeast(InputSize size)
        {
            const int fewestClasses = 2;
            if (fixedModel is not null) return fixedModel;
            var channels = size.Channels ?? 1;
            return BuiltIn(modelName ?? size.DefaultModel, TensorShape.Image(size.Height, size.Width, channels), fewestClasses);
        }

        ImageTransform? Choose(IReadOnlyList<(int Height, int Width)> sizes)
        {
            input = fixedModel is null ? InputSize.ForBuiltIn(modelName, sizes) : InputSize.ForModel(fixedModel, sizes);
            if (parsed.GetValue(_size) is { } size)
                input = WithSize(input, size, fixedModel);
            if (input is null)
                return null;
            var fit = Enum.Parse<ImageFit>(parsed.GetValue(_fit) ?? nameof(ImageFit.Crop), ignoreCase: true);
            var transform = new ImageTransform { Height = input.Height, Width = input.Width, Fit = fit };
            if (sizes.Any(size => size != (input.Height, input.Width)))
            {
                var advice = parsed.GetValue(_size) is null && fixedModel is null ? " (--size sets another)" : "";
                reporter.Note($"{Describe(sizes)} {Verb(fit)} {input.Height}x{input.Width}: {input.Reason}{advice}.");
            }

            WarnOfEnlarging(parsed, sizes, input.Height, input.Width, reporter);
            if (check is not null && (long)input.Height * input.Width >= SmallSide * SmallSide) check(AtLeast(input), sizes.Count);
            return transform;
        }
    }

    private static Model BuiltIn(string? name, TensorShape input, int outputs)
    {
        try
        {
            return name is not null ? BuiltInModels.Create(name, input, outputs)
                : BuiltInModels.DefaultFor(input.Height, input.Width, input.Channels, outputs);
        }
        catch (ModelException mistake)
        {
            // The network and the size were chosen by the command.
            var network = name is null ? "The default network" : $"The network '{name}'";
            throw new UsageException($"{network} cannot take images of {input.Height}x{input.Width} (--size). {mistake.Message}", mistake);
        }
    }

    // Networks for different tasks do not replace each other.
    private static string? ForTask(string source, string? modelName, TaskKind task)
    {
        if (modelName is null)
        {
            return task switch
            {
                TaskKind.Segmentation => BuiltInModels.DefaultForMasks,
                TaskKind.Autoencoding => BuiltInModels.DefaultAutoencoder,
                TaskKind.Generation => BuiltInModels.DefaultGenerator,
                _ => null,
            };
        }

        if (!BuiltInModels.Names.Contains(modelName)) return modelName;
        var made = BuiltInModels.TaskOf(modelName);
        if (made == task) return modelName;
        var others = string.Join(", ", BuiltInModels.Names.Where(name => BuiltInModels.TaskOf(name) == task && BuiltInModels.PublishedInput(name).IsImage));
        var gives = made switch
        {
            TaskKind.Segmentation => "gives a class for each pixel",
            TaskKind.Autoencoding => "gives its input again (--task autoencode)",
            TaskKind.Generation => "makes images from noise (--task gan)",
            _ => "gives one class for an image",
        };
        var needs = task switch
        {
            TaskKind.Segmentation => $"'{source}' has masks: a class for each pixel",
            TaskKind.Autoencoding => "--task autoencode needs the image again",
            TaskKind.Generation => "--task gan needs a generator with its discriminator",
            _ => made == TaskKind.Segmentation ? $"'{source}' has no masks" : $"'{source}' has classes",
        };
        throw new UsageException($"The network '{modelName}' {gives}, but {needs}. {ModelArgument.OmitOrChoose} {others}.");
    }

    // A size may be asked for that no device has the memory for, and that shows no more.
    private void WarnOfEnlarging(ParseResult parsed, IReadOnlyList<(int Height, int Width)> sizes, int height, int width, Reporter reporter)
    {
        const int much = 4;
        var largest = sizes.MaxBy(size => (long)size.Height * size.Width);
        var (wanted, known) = ((long)height * width, (long)largest.Height * largest.Width);
        if (parsed.GetValue(_size) is null || wanted < much * known || wanted < SmallSide * SmallSide) return;
        reporter.Warn(
            $"--size {height}x{width} is {Units.Count(wanted / known)} times as many pixels as the largest "
            + $"image has ({largest.Height}x{largest.Width}): enlarging adds no detail, and memory and time grow with the pixels. A decoded image takes "
            + $"{Units.Bytes(3 * wanted)}, and the activations of a network many times as much. Use a smaller --size.");
    }

    /// <summary>Loads a data set to look at, brought to one size if it has several.</summary>
    public ImageDataset Load(ParseResult parsed, string source, RgbColor background, Reporter reporter) =>
        Load(parsed, source, null, background, reporter).Data;

    /// <summary>Whether unreadable files are left out.</summary>
    public bool SkipsUnreadable(ParseResult parsed) => parsed.GetValue(_skipUnreadable);

    private static InputSize WithSize(InputSize? input, (int Height, int Width) wanted, Model? fixedModel)
    {
        var (height, width) = wanted;
        if (fixedModel is null)
            return InputSize.ForBuiltIn(null, [wanted]) with { Height = height, Width = width, Reason = "--size" };
        var shape = fixedModel.Input;
        var channels = shape.IsImage ? input?.Channels
            : shape.Length == height * width ? 1
            : shape.Length == 3 * height * width ? 3
            : null;
        if (shape.IsImage ? (shape.Height, shape.Width) != wanted : channels is null)
            throw new UsageException($"--size {height}x{width} does not fit the model '{fixedModel.Name}', which takes {shape}. Omit it, or change the model.");
        return new InputSize(height, width, "--size") { Channels = channels };
    }

    private static string Describe(IReadOnlyList<(int Height, int Width)> sizes)
    {
        var count = sizes.Count == 1 ? "The images" : $"{Units.Count(sizes.Count)} images";
        var distinct = sizes.Distinct().Count();
        var (least, most) = (sizes.MinBy(size => (long)size.Height * size.Width), sizes.MaxBy(size => (long)size.Height * size.Width));
        var order = sizes.Any(size => size.Height != size.Width) ? " (height x width)" : "";
        return distinct == 1 ? $"{count} of {least.Height}x{least.Width}{order}"
            : $"{count} of {Units.Count(distinct)} sizes, {least.Height}x{least.Width} to {most.Height}x{most.Width}{order},";
    }

    private static string Verb(ImageFit fit) => fit switch
    {
        ImageFit.Crop => "are scaled and center-cropped to",
        ImageFit.Pad => "are scaled and padded to",
        _ => "are stretched to",
    };

    private static (int Height, int Width) ParseSize(string text)
    {
        var parts = text.ToLowerInvariant().Split('x');
        var numbers = parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value is >= 1 and <= ImageTransform.LargestSide ? value : 0).ToArray();
        if (numbers.Length is < 1 or > 2 || numbers.Contains(0))
        {
            throw new FormatException(
                $"expected a side such as 96, or height x width such as 96x128, each from 1 to {ImageTransform.LargestSide}, but got '{text}'.");
        }

        return (numbers[0], numbers[^1]);
    }
}
