using System.CommandLine;
using System.Diagnostics;
using Gpu.Cli.Bench;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary>
/// <c>bench images FOLDER</c>: times how a folder of images is read, decoded and resized for training, beside SixLabors.ImageSharp alone on one thread.
/// </summary>
internal static class BenchImagesCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var folder = new Argument<string>("FOLDER") { Description = "Folder of images, such as one with a folder for each class" };
        var size = Options.Integer("--size", "Side of the square that images are resized to, in pixels", 1, ImageTransform.LargestSide, "224");
        var rounds = Options.Integer("--rounds", "How often each way reads all images, in turns, after one round to warm up", 1, 1000, "5");
        var command = new Command("images", "Time reading, decoding and resizing a folder of images, beside ImageSharp alone") { folder, size, rounds };
        command.SetAction(parsed => Run(context, parsed.GetRequiredValue(folder), parsed.GetInt(size) ?? 224, parsed.GetInt(rounds) ?? 5));
        return command;
    }

    private static void Run(CommandContext context, string folder, int side, int rounds)
    {
        var options = new DatasetOptions
        {
            ChooseTransform = _ => new ImageTransform { Height = side, Width = side },
            // Every round decodes.
            CacheFrom = long.MaxValue,
            IsUndivided = true,
            ClassesOptional = true,
        };
        if (!Directory.Exists(folder)) throw new UsageException($"There is no folder '{folder}'. Check the path.");
        var files = ImageFiles.Find(folder);
        if (files.Count == 0) throw new UsageException($"The folder '{folder}' has no images. Name one that has.");
        var cancellation = context.Host.Cancellation;
        var count = DatasetLoader.Load(folder, options).Train.Count;
        if (count != files.Count)
        {
            throw new UsageException(
                $"'{folder}' is a data set of {Units.Count(count, "training image")}, but holds {Units.Count(files.Count)} image files. "
                + "Name a folder whose images are all of one split.");
        }

        List<(double Wall, double Processor)> loader = [], plain = [];
        var clock = Stopwatch.StartNew();
        for (var round = 0; round <= rounds; round++)
        {
            if (round > 0)
                context.Reporter.Progress(new ProgressState("bench", round, rounds + 1, "images", clock.Elapsed / round * (rounds + 1 - round)));
            Add(loader, round, () => DatasetLoader.Load(folder, options));
            Add(plain, round, () =>
            {
                foreach (var path in files)
                {
                    PlainImageSharp.Decode(path, side, side);
                    cancellation.ThrowIfCancellationRequested();
                }
            });
        }

        context.Reporter.EndProgress();
        Report(context.Reporter, files, side, loader, plain);

        void Add(List<(double Wall, double Processor)> times, int round, Action read)
        {
            cancellation.ThrowIfCancellationRequested();
            var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            read();
            // The first round compiles the code.
            if (round > 0) times.Add((Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalSeconds));
        }
    }

    private static void Report(
        Reporter reporter, IReadOnlyList<string> files, int side, List<(double Wall, double Processor)> loader, List<(double Wall, double Processor)> plain)
    {
        var bytes = files.Sum(path => new FileInfo(path).Length);
        var processors = Environment.ProcessorCount;
        var (ours, alone) = (Median(loader, time => time.Wall), Median(plain, time => time.Wall));
        // Other programs take from the wall time of many threads more than from that of one, but not from the time of the processors.
        var (oursUsed, aloneUsed) = (Median(loader, time => time.Processor), Median(plain, time => time.Processor));
        var (share, shareUsed) = (alone / (ours * processors), aloneUsed / oursUsed);
        reporter.Line(
            $"{Units.Count(files.Count, "image")} ({Units.Bytes(bytes)}), resized to {side}x{side}; medians of {Units.Count(loader.Count, "round")} in turns");
        var table = new ReportTable(
            ReportTable.Text("way"), ReportTable.Number("threads"), ReportTable.Number("images/s"), ReportTable.Number("processor ms/image"));
        table.Add("for training", $"{processors}", Units.Short(files.Count / ours), Units.Short(1e3 * oursUsed / files.Count));
        table.Add("ImageSharp alone", "1", Units.Short(files.Count / alone), Units.Short(1e3 * aloneUsed / files.Count));
        reporter.Table(table);
        reporter.Line($"For training: {Units.Percent(share, 0)} of {processors} times ImageSharp's images/s; {Units.Percent(shareUsed, 0)} by processor time.");
        reporter.Result(new JsonRecord().Add("images", files.Count).Add("bytes", bytes).Add("size", side).Add("rounds", loader.Count)
            .Add("processors", processors).Add("images_per_s", files.Count / ours).Add("imagesharp_images_per_s", files.Count / alone)
            .Add("processor_ms_per_image", 1e3 * oursUsed / files.Count).Add("imagesharp_processor_ms_per_image", 1e3 * aloneUsed / files.Count)
            .Add("share", share).Add("share_by_processor_time", shareUsed));
    }

    private static double Median(List<(double Wall, double Processor)> times, Func<(double Wall, double Processor), double> value) =>
        new Timings(times.Select(value)).Median;
}
