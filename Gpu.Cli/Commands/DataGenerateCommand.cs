using System.CommandLine;
using System.Diagnostics;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Data.Digits;

namespace Gpu.Cli.Commands;

/// <summary><c>data generate NAME</c>: generates the bundled data set, bit for bit, or a similar one of another size or seed.</summary>
internal static class DataGenerateCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var name = new Argument<string>("NAME") { Description = $"Data set to generate: {DigitsGenerator.Name}" };
        var seed = Options.Integer("--seed", "Random seed; 1 with the default sizes reproduces the bundled data set", 0, long.MaxValue, "1");
        var train = Options.Integer("--train", "Number of training images", 1, 1_000_000, $"{DigitsGenerator.DefaultTrainCount}");
        var test = Options.Integer("--test", "Number of test images", 1, 1_000_000, $"{DigitsGenerator.DefaultTestCount}");
        var folder = Options.Text("--out", "DIR", "Folder for the four IDX files", $"datasets/{DigitsGenerator.Name}");
        var command = new Command("generate", "Generate the bundled data set, or one with another size or seed") { name, seed, train, test, folder };
        command.SetAction(parsed =>
        {
            var wanted = parsed.GetRequiredValue(name);
            if (!wanted.Equals(DigitsGenerator.Name, StringComparison.OrdinalIgnoreCase))
            {
                var hint = ParseErrors.DidYouMean(wanted, [DigitsGenerator.Name]);
                throw new UsageException($"There is no generator for '{wanted}', only for '{DigitsGenerator.Name}'.{hint}");
            }

            Run(
                context.Reporter,
                (ulong)(parsed.GetValue(seed) ?? 1),
                parsed.GetInt(train) ?? DigitsGenerator.DefaultTrainCount,
                parsed.GetInt(test) ?? DigitsGenerator.DefaultTestCount,
                parsed.GetValue(folder) ?? Path.Combine("datasets", DigitsGenerator.Name));
        });
        return command;
    }

    private static void Run(Reporter reporter, ulong seed, int train, int test, string folder)
    {
        var clock = Stopwatch.StartNew();
        reporter.Line($"Generating {Units.Count(train)} training and {Units.Count(test)} test images, seed {seed}.");
        var data = DigitsGenerator.Generate(seed, train, test);
        var files = IdxFolderWriter.Write(data, folder);
        var bytes = files.Sum(file => new FileInfo(file).Length);
        reporter.Line($"Wrote {files.Count} files ({Units.Bytes(bytes)}) to {folder} in {Units.Fixed(clock.Elapsed.TotalSeconds, 1)} s.");
        reporter.Result(new JsonRecord().Add("dataset", data.Name).Add("seed", seed).Add("train", train).Add("test", test)
            .Add("folder", folder).Add("files", files).Add("bytes", bytes).Add("seconds", clock.Elapsed.TotalSeconds));
    }
}
