using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Weights;

namespace Gpu.Cli.Commands;

/// <summary><c>model get NAME</c>: downloads pretrained weights of the catalog.</summary>
internal static class ModelGetCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var name = new Argument<string>("NAME") { Description = "Pretrained weights: those of datasets/models.json, such as resnet18-imagenet" };
        var folder = Options.Text("--to", "DIR", "Folder that gets a subfolder of that name", "the user's cache, which train --init NAME searches");
        var catalog = Options.Text("--catalog", "FILE", "Catalog of pretrained weights, for mirrors of your own", "that of the program");
        var command = new Command("get", "Download pretrained weights for train --init; continues a download that was cut off") { name, folder, catalog };
        command.SetAction(parsed => Run(
            context, parsed.GetRequiredValue(name), parsed.GetValue(folder) ?? PretrainedCatalog.UserCache, parsed.GetValue(catalog)));
        return command;
    }

    private static void Run(CommandContext context, string name, string folder, string? catalog)
    {
        var reporter = context.Reporter;
        var entries = catalog is null ? PretrainedCatalog.Entries : PretrainedCatalog.Read(catalog);
        var entry = entries.FirstOrDefault(known => known.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (entry is null)
        {
            var names = entries.Select(known => known.Name).ToArray();
            throw new UsageException($"There are no pretrained weights '{name}'.{ParseErrors.DidYouMean(name, names)} Known: {string.Join(", ", names)}.");
        }

        var download = entry.Download;
        var (file, seconds) = CatalogDownload.Run(
            reporter, download, downloader => PretrainedCatalog.GetAsync(entry, folder, downloader, context.Host.Cancellation));
        var init = folder == PretrainedCatalog.UserCache ? entry.Name : file;
        reporter.Line($"Weights in {file}. Train with: gputrainer train DATA --model {entry.Model} --init {ShellQuote.Quote(init)}");
        reporter.Result(new JsonRecord().Add("name", entry.Name).Add("file", file).Add("model", entry.Model).Add("licence", download.Licence)
            .Add("seconds", seconds));
    }
}
