using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;

namespace Gpu.Cli.Commands;

/// <summary><c>data get NAME</c>: downloads a data set of the catalog.</summary>
internal static class DataGetCommand
{
    private const string Kind = "data sets";

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context) => CatalogDownload.Create(
        "Download a data set; continues a download that was cut off", "Data set to download (see 'data list')", Kind, DataFolders.UserCache,
        "which is searched", (name, folder, catalog) => Run(context, name, folder, catalog));

    private static void Run(CommandContext context, string name, string folder, string? catalog)
    {
        var reporter = context.Reporter;
        var entries = catalog is null ? DatasetCatalog.Entries : DatasetCatalog.Read(catalog);
        if (entries.FirstOrDefault(known => known.IsBundled && known.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } bundled)
            throw new UsageException($"'{bundled.Name}' is bundled with the program; there is nothing to download.");
        var entry = CatalogDownload.Find(entries.Where(known => !known.IsBundled), known => known.Name, name, Kind);
        var target = Path.Combine(folder, entry.Name);
        var train = $"Train with: gputrainer train {Source(entry, target)}";
        if (Directory.Exists(target))
        {
            using var none = new HttpClient();
            new DatasetDownloader(none).GetAsync(entry, folder, context.Host.Cancellation).GetAwaiter().GetResult();
            var isChecked = entry.Files.All(file => file.Sha256 is not null && File.Exists(Path.Combine(target, file.Name)));
            reporter.Line($"{entry.Name} is in {target} already{(isChecked ? ", and its files have the right checksums" : "")}. {train}");
            reporter.Result(Json(entry, target, 0));
            return;
        }

        var (_, seconds) = CatalogDownload.Run(reporter, entry, downloader => downloader.GetAsync(entry, folder, context.Host.Cancellation));
        reporter.Line($"Downloaded to {target} in {Units.Fixed(seconds, 1)} s. {train}");
        reporter.Result(Json(entry, target, seconds));
    }

    // The name, if 'train' finds the folder by it; else the folder.
    private static string Source(DatasetCatalogEntry entry, string target)
    {
        var found = DatasetCatalog.Find(entry.Name) is null ? null
            : DataFolders.SearchOrder().Select(root => Path.Combine(root, entry.Name)).FirstOrDefault(Directory.Exists);
        var isFound = DatasetCatalog.Find(entry.Name) is not null && (found is null
            ? DataFolders.SearchOrder().Any(root => Path.GetFullPath(Path.Combine(root, entry.Name)) == Path.GetFullPath(target))
            : Path.GetFullPath(found) == Path.GetFullPath(target));
        var path = target.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) ? target : Path.Combine(".", target);
        return isFound ? entry.Name : ShellQuote.Quote(path);
    }

    private static JsonRecord Json(DatasetCatalogEntry entry, string folder, double seconds) => new JsonRecord()
        .Add("dataset", entry.Name).Add("folder", folder).Add("files", entry.Files.Select(file => file.Name)).Add("seconds", seconds)
        .Add("checked", entry.Files.All(file => file.Sha256 is not null)).Add("licence", entry.Licence).Add("citation", entry.Citation);
}
