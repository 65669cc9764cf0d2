using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data.Cache;

namespace Gpu.Cli.Commands;

/// <summary><c>data cache</c>: lists and clears the cache of decoded images.</summary>
internal static class DataCacheCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var clear = Options.Flag("--clear", "Delete all files of the cache");
        var command = new Command("cache", "List or clear the cache of decoded images") { clear };
        command.SetAction(parsed => Run(context.Reporter, parsed.GetValue(clear)));
        return command;
    }

    private static void Run(Reporter reporter, bool clear)
    {
        var files = ImageCache.List();
        var bytes = files.Sum(file => file.Length);
        if (clear)
        {
            ImageCache.Clear();
            reporter.Line($"Deleted {Units.Count(files.Count, "file")}, {Units.Bytes(bytes)}, in '{ImageCache.Folder}'.");
        }
        else if (files.Count > 0)
        {
            var table = new ReportTable(ReportTable.Text("file"), ReportTable.Number("size"), ReportTable.Text("last used or written"));
            foreach (var file in files)
            {
                var time = file.LastAccessTime > file.LastWriteTime ? file.LastAccessTime : file.LastWriteTime;
                table.Add(file.Name, Units.Bytes(file.Length), time.ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture));
            }

            reporter.Table(table);
            reporter.Line($"{Units.Bytes(bytes)} in '{ImageCache.Folder}'. --clear deletes them; they are made again when they are needed.");
        }
        else reporter.Line($"The cache of decoded images in '{ImageCache.Folder}' is empty.");

        reporter.Result(new JsonRecord().Add("folder", ImageCache.Folder).Add("files", files.Count).Add("bytes", bytes).Add("cleared", clear));
    }
}
