using System.CommandLine;
using System.Diagnostics;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Data.Digits;

namespace Gpu.Cli.Commands;

/// <summary><c>data generate NAME</c>: makes the bundled data set anew, the same images bit for bit, or a larger one like it.</summary>
internal static class DataGenerateCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var name = new Argument<string>("NAME") { Description = $"What to generate: {DigitsGenerator.Name}" };
        var seed = Options.Integer("--seed", "Decides every image; 1 gives the bundled set", 0, long.MaxValue, "1");
        var train = Options.Integer("--train", "Training images", 1, 1_000_000, $"{DigitsGenerator.DefaultTrainCount}");
        var test = Options.Integer("--test", "Test images", 1, 1_000_000, $"{DigitsGenerator.DefaultTestCount}");
        var folder = Options.Text("--out", "DIR", "The folder to write the four IDX files to", $"datasets/{DigitsGenerator.Name}");
        var command = new Command("generate", "Makes the bundled data set anew, the same images bit for bit") { name, seed, train, test, folder };
        command.SetAction(parsed =>
        {
            var wanted = parsed.GetRequiredValue(name);
            if (!wanted.Equals(DigitsGenerator.Name, StringComparison.OrdinalIgnoreCase))
            {
                var hint = ParseErrors.DidYouMean(wanted, [DigitsGenerator.Name]);
                throw new UsageException($"'{wanted}' cannot be generated; only '{DigitsGenerator.Name}' can.{hint}");
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
        reporter.Line($"Drawing {Units.Count(train)} + {Units.Count(test)} digits from seed {seed}.");
        var data = DigitsGenerator.Generate(seed, train, test);
        var files = IdxFolderWriter.Write(data, folder);
        var bytes = files.Sum(file => new FileInfo(file).Length);
        reporter.Line($"Wrote {files.Count} files, {Units.Bytes(bytes)}, to {folder} in {Units.Fixed(clock.Elapsed.TotalSeconds, 1)} s.");
        reporter.Result(new JsonRecord().Add("dataset", data.Name).Add("seed", seed).Add("train", train).Add("test", test)
            .Add("folder", folder).Add("files", files).Add("bytes", bytes).Add("seconds", clock.Elapsed.TotalSeconds));
    }
}
