using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>data show DATASET</c>: describes a data set; of images, samples are drawn to a PNG file.</summary>
internal static class DataShowCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var dataset = new Argument<string>("DATASET") { Description = "Data set name (see 'data list'), folder or table", DefaultValueFactory = _ => "digits" };
        var part = Options.OneOf("--part", "Split to draw", "train", "train", "test");
        var perClass = Options.Integer("--per-class", "Number of images per class; with --augment, of augmented copies of one image", 1, 200, "10");
        var scale = Options.Integer("--scale", "Magnification of the images", 1, 16, "2");
        var background = BackgroundOption.Create();
        var images = new ImageOptions();
        var augmentation = new AugmentationOptions();
        var seed = Options.Integer("--seed", "Random seed of the augmentation", 0, long.MaxValue, $"{TrainOptions.Defaults.Seed}");
        var output = Options.PngFile("--out", "PNG file to write", "NAME-PART.png");
        var command = new Command("show", "Describe a data set: the columns of a table, or the classes of images, with samples drawn to a PNG file")
        {
            dataset, part, perClass, scale, background, output,
        };
        foreach (var option in augmentation.All.Append(seed)) command.Options.Add(option);
        images.AddTo(command);
        var table = new TableArguments();
        table.AddTo(command);
        command.SetAction(parsed =>
        {
            var source = parsed.GetRequiredValue(dataset);
            if (DatasetLoader.IsTable(source))
            {
                var forImages = command.Options.Select(option => option.Name).Except(table.Names).FirstOrDefault(name => TrainOptions.IsGiven(parsed, name));
                if (forImages is not null)
                    throw new UsageException($"{forImages} is for images, but '{source}' is a table. Omit it.");
                TableDisplay.Show(context.Reporter, source, () => table.Load(parsed, source, context.Reporter));
                return;
            }

            if (table.Given(parsed).FirstOrDefault() is { } tableOption)
                throw new UsageException($"{tableOption} is for tables (.csv, .tsv), but '{source}' is not one. Omit it.");
            var data = images.Load(parsed, source, parsed.GetValue(background) ?? RgbColor.White, context.Reporter);
            var partName = parsed.GetValue(part) ?? "train";
            var file = parsed.GetValue(output) ?? $"{data.Name}-{partName}.png";
            OutputFile.RequireOwn(file);
            var options = augmentation.Apply(parsed, new TrainingOptions { Seed = (ulong)(parsed.GetValue(seed) ?? (long)TrainOptions.Defaults.Seed) });
            var augments = augmentation.All.Any(option => TrainOptions.IsGiven(parsed, option.Name));
            if (!augments && TrainOptions.IsGiven(parsed, seed.Name))
                throw new UsageException($"{seed.Name} has no effect without an augmentation. Add one, such as --augment flip,shift:2, or omit it.");
            Run(context.Reporter, data, partName, parsed.GetInt(perClass) ?? 10, parsed.GetInt(scale) ?? 2, file, augments ? options : null);
        });
        return command;
    }

    private static void Run(Reporter reporter, ImageDataset data, string part, int perClass, int scale, string file, TrainingOptions? augmentation)
    {
        var split = part == "test" ? data.Test : data.Train;
        var (train, test) = (data.Train.CountPerClass(data.Classes), data.Test.CountPerClass(data.Classes));
        var size = $"{data.Height}x{data.Width}x{data.Channels}";
        var table = new ReportTable(ReportTable.Number("label"), ReportTable.Text("class"), ReportTable.Number("train"), ReportTable.Number("test"))
        {
            Title = $"{data.Name}: {Units.Count(data.Train.Count)} training and {Units.Count(data.Test.Count)} test images of {size} "
                + $"(height x width x channels), {data.Classes} classes",
        };
        List<JsonRecord> classes = [];
        for (var label = 0; label < data.Classes; label++)
        {
            table.Add($"{label}", data.ClassNames[label], Units.Count(train[label]), Units.Count(test[label]));
            classes.Add(new JsonRecord().Add("name", data.ClassNames[label]).Add("train", train[label]).Add("test", test[label]));
        }

        reporter.Table(table);
        var noun = part == "test" ? "test" : "training";
        if (data.Task == TaskKind.Segmentation)
        {
            if (augmentation is not null) throw new UsageException("--augment of 'data show' is for images with classes, not for masks. Omit it.");
            var shown = Math.Min(split.Count, perClass * data.Classes);
            ImageCodec.SavePng(file, Draw(() => MaskSheet.Render(split, shown, scale)));
            reporter.Line($"Drew the first {Units.Count(shown)} {noun} images with their masks to {Path.GetFullPath(file)}");
        }
        else if (augmentation is null)
        {
            ImageCodec.SavePng(file, Draw(() => ContactSheet.Render(
                split, ContactSheet.FirstOfEachClass(split, data.Classes, perClass), data.ClassNames, perClass, scale)));
            reporter.Line($"Drew up to {perClass} {noun} images of each class to {Path.GetFullPath(file)}");
        }
        else
        {
            ImageCodec.SavePng(file, DrawAugmented(data, split, perClass, scale, augmentation));
            var copies = perClass == 1 ? "an augmented copy" : $"{perClass} augmented copies";
            reporter.Line($"Drew a {noun} image of each class and {copies} to {Path.GetFullPath(file)}");
        }

        reporter.Result(new JsonRecord().Add("dataset", data.Name).Add("height", data.Height).Add("width", data.Width).Add("channels", data.Channels)
            .Add("train", data.Train.Count).Add("test", data.Test.Count).Add("classes", classes).Add("file", Path.GetFullPath(file)));
    }

    private static ByteImage DrawAugmented(ImageDataset data, ImageSplit split, int copies, int scale, TrainingOptions options)
    {
        int[] images = [.. ContactSheet.FirstOfEachClass(split, data.Classes, 1).Where(index => index >= 0)];
        using var device = new CpuDevice();
        var (cells, captions) = AugmentationPreview.Draw(data, split, images, copies, options, device);
        return Draw(() => ContactSheet.Render(cells, [.. Enumerable.Range(0, cells.Count)], captions, copies + 1, scale, [220, 220, 220]));
    }

    private static ByteImage Draw(Func<ByteImage> draw)
    {
        try
        {
            return draw();
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{e.Message} Use a smaller --per-class or --scale.", e);
        }
    }
}
