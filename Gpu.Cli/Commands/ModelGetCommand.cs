using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Weights;

namespace Gpu.Cli.Commands;

/// <summary><c>model get NAME</c>: downloads pretrained weights of the catalog.</summary>
internal static class ModelGetCommand
{
    private const string Kind = "pretrained weights";

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context) => CatalogDownload.Create(
        "Download pretrained weights for train --init; continues a download that was cut off",
        "Pretrained weights: those of datasets/models.json, such as resnet18-imagenet", Kind, PretrainedCatalog.UserCache,
        "which train --init NAME searches", (name, folder, catalog) => Run(context, name, folder, catalog));

    private static void Run(CommandContext context, string name, string folder, string? catalog)
    {
        var reporter = context.Reporter;
        var entries = catalog is null ? PretrainedCatalog.Entries : PretrainedCatalog.Read(catalog);
        var entry = CatalogDownload.Find(entries, known => known.Name, name, Kind);
        var download = entry.Download;
        var (file, seconds) = CatalogDownload.Run(
            reporter, download, downloader => PretrainedCatalog.GetAsync(entry, folder, downloader, context.Host.Cancellation));
        var init = folder == PretrainedCatalog.UserCache ? entry.Name : file;
        reporter.Line($"Weights in {file}. Train with: gputrainer train DATA --model {entry.Model} --init {ShellQuote.Quote(init)}");
        reporter.Result(new JsonRecord().Add("name", entry.Name).Add("file", file).Add("model", entry.Model).Add("licence", download.Licence)
            .Add("seconds", seconds));
    }
}
