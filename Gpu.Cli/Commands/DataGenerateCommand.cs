using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Data.Digits;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.IO;

namespace Gpu.Cli.Commands;

/// <summary><c>data generate NAME</c>: generates a bundled data set, bit for bit, or a similar one of another size or seed.</summary>
internal static class DataGenerateCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var name = new Argument<string>("NAME") { Description = $"Data set to generate: {string.Join(", ", Names)}" };
        var seed = Options.Integer("--seed", "Random seed; 1 with the default sizes reproduces the bundled data set", 0, long.MaxValue, "1");
        var train = Options.Integer(
            "--train", "Number of training images", 1, 1_000_000, $"{DigitsGenerator.DefaultTrainCount} digits, {ShapesGenerator.DefaultTrainCount} shapes");
        var test = Options.Integer(
            "--test", "Number of test images", 1, 1_000_000, $"{DigitsGenerator.DefaultTestCount} digits, {ShapesGenerator.DefaultTestCount} shapes");
        var rows = Options.Integer("--rows", "Number of rows of a table", 3, 10_000_000, $"{TableGenerator.DefaultRows}");
        var noise = Options.Number(
            "--noise", "Standard deviation of the noise of a table", new Interval(0, 100),
            TableGenerator.DefaultNoise.ToString(CultureInfo.InvariantCulture));
        var classes = Options.Integer("--classes", "Number of classes; spirals can have 2 or 3", 2, 3, "3 for spirals, else 2");
        var folder = Options.Text(
            "--out", "PATH", "Folder for the four IDX files of digits or the images and masks of shapes, or CSV file for a table", "datasets/NAME, NAME.csv");
        var command = new Command("generate", "Generate a data set, of any size and seed")
        {
            name, seed, train, test, rows, noise, classes, folder,
        };
        command.SetAction(parsed =>
        {
            var wanted = parsed.GetRequiredValue(name);
            if (TableGenerator.Names.FirstOrDefault(known => known.Equals(wanted, StringComparison.OrdinalIgnoreCase)) is { } table)
            {
                RequireAbsent(parsed, wanted, "--train", "--test");
                WriteTable(
                    context.Reporter, table, (ulong)(parsed.GetValue(seed) ?? 1), parsed.GetInt(rows) ?? TableGenerator.DefaultRows,
                    parsed.GetValue(noise) ?? TableGenerator.DefaultNoise, parsed.GetInt(classes), parsed.GetValue(folder) ?? $"{table}.csv");
                return;
            }

            var isShapes = ShapesGenerator.Has(wanted);
            if (!isShapes && !wanted.Equals(DigitsGenerator.Name, StringComparison.OrdinalIgnoreCase))
            {
                var hint = ParseErrors.DidYouMean(wanted, Names);
                throw new UsageException($"There is no generator for '{wanted}', only for {string.Join(", ", Names)}.{hint}");
            }

            RequireAbsent(parsed, wanted, "--rows", "--noise", "--classes");
            Run(
                context.Reporter,
                isShapes,
                (ulong)(parsed.GetValue(seed) ?? 1),
                parsed.GetInt(train) ?? (isShapes ? ShapesGenerator.DefaultTrainCount : DigitsGenerator.DefaultTrainCount),
                parsed.GetInt(test) ?? (isShapes ? ShapesGenerator.DefaultTestCount : DigitsGenerator.DefaultTestCount),
                parsed.GetValue(folder) ?? Path.Combine("datasets", isShapes ? ShapesGenerator.Name : DigitsGenerator.Name));
        });
        return command;
    }

    private static string[] Names => [DigitsGenerator.Name, ShapesGenerator.Name, .. TableGenerator.Names];

    private static void RequireAbsent(ParseResult parsed, string name, params string[] options)
    {
        if (options.FirstOrDefault(option => TrainOptions.IsGiven(parsed, option)) is { } wrong)
            throw new UsageException($"{wrong} does not apply to '{name}'. Omit it.");
    }

    private static void WriteTable(Reporter reporter, string name, ulong seed, int rows, double noise, int? classes, string file)
    {
        string text;
        try
        {
            text = TableGenerator.Generate(name, seed, rows, noise, classes);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message, e);
        }

        if (!IsSame(file, Encoding.UTF8.GetBytes(text))) AtomicFile.WriteAllText(file, text);
        reporter.Line($"Wrote {Units.Count(rows, "row")} of {name} to {file}.");
        reporter.Result(new JsonRecord().Add("dataset", name).Add("seed", seed).Add("rows", rows).Add("noise", noise)
            .Add("classes", classes ?? TableGenerator.DefaultClasses(name)).Add("file", file));
    }

    private static void Run(Reporter reporter, bool isShapes, ulong seed, int train, int test, string folder)
    {
        var clock = Stopwatch.StartNew();
        reporter.Line($"Generating {Units.Count(train)} training and {Units.Count(test, "test image")}, seed {seed}.");
        var data = isShapes ? ShapesGenerator.Generate(seed, train, test) : DigitsGenerator.Generate(seed, train, test);
        var files = Write(folder, temporary => isShapes ? WriteMasks(data, temporary) : IdxFolderWriter.Write(data, temporary));
        var bytes = files.Sum(file => new FileInfo(file).Length);
        reporter.Line($"Wrote {Units.Count(files.Length, "file")} ({Units.Bytes(bytes)}) to {folder} in {Units.Fixed(clock.Elapsed.TotalSeconds, 1)} s.");
        reporter.Result(new JsonRecord().Add("dataset", data.Name).Add("seed", seed).Add("train", train).Add("test", test)
            .Add("folder", folder).Add("files", isShapes ? null : files).Add("count", files.Length).Add("bytes", bytes)
            .Add("seconds", clock.Elapsed.TotalSeconds));
    }

    // Writes to a temporary folder first, so that files of someone else are found before the first one is written.
    private static string[] Write(string folder, Func<string, IReadOnlyList<string>> write)
    {
        folder = Path.TrimEndingDirectorySeparator(folder);
        var isNew = !Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Guid.NewGuid():N}.tmp");
        try
        {
            var written = write(temporary);
            var files = written.Select(file => Path.Combine(folder, Path.GetRelativePath(temporary, file))).ToArray();
            var isSame = files.Select((path, i) => IsSame(path, File.ReadAllBytes(written[i]))).ToArray();
            var parts = files.Select(file => Path.GetDirectoryName(file)!).Distinct().ToArray();
            // Images of another size of the set would belong to it.
            var others = parts.Where(part => part != folder && Directory.Exists(part)).SelectMany(Directory.EnumerateFiles).Except(files).ToArray();
            if (others.Length > 0)
                throw new UsageException($"The folder '{folder}' has other images, such as '{others[0]}'. Choose another --out, or move them away.");
            foreach (var part in parts) Directory.CreateDirectory(part);
            for (var i = 0; i < files.Length; i++)
                if (!isSame[i]) File.Move(written[i], files[i]);
            return files;
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            if (isNew && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        }
    }

    // A folder as data sets with masks are: train/images/00001.png, train/masks/00001.png and so on, and the names of the classes.
    private static string[] WriteMasks(ImageDataset data, string folder)
    {
        var files = new System.Collections.Concurrent.ConcurrentBag<string>();
        foreach (var (name, split) in new[] { ("train", data.Train), ("test", data.Test) })
        {
            string Folder(string kind) => Directory.CreateDirectory(Path.Combine(folder, name, kind)).FullName;
            var (images, masks) = (Folder("images"), Folder("masks"));
            Parallel.For(0, split.Count, i =>
            {
                var (image, mask) = (Path.Combine(images, $"{i + 1:D5}.png"), Path.Combine(masks, $"{i + 1:D5}.png"));
                File.WriteAllBytes(image, ImageCodec.EncodePng(new ByteImage(split.Height, split.Width, split.Channels, split.Image(i).ToArray())));
                ImageCodec.SaveIndexedPng(mask, new ByteImage(split.Height, split.Width, 1, split.Mask(i).ToArray()), MaskColors.Palette);
                files.Add(image);
                files.Add(mask);
            });
        }

        var classes = Path.Combine(folder, "classes.txt");
        AtomicFile.WriteAllText(classes, string.Concat(data.ClassNames.Select(one => $"{one}\n")));
        return [classes, .. files.Order(StringComparer.Ordinal)];
    }

    // Whether the file has this content already. A file with another content may be the user's.
    private static bool IsSame(string file, byte[] content)
    {
        if (!File.Exists(file)) return false;
        if (new FileInfo(file).Length == content.Length && File.ReadAllBytes(file).AsSpan().SequenceEqual(content)) return true;
        throw new UsageException($"The file '{file}' exists and has other content. Choose another --out, or move that file away.");
    }
}
