using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;

namespace Gpu.Cli.Commands;

/// <summary><c>data list</c>: lists the data sets known by name and their folders.</summary>
internal static class DataListCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("list", "List the data sets known by name, and their folders");
        command.SetAction(_ => Run(context.Reporter));
        return command;
    }

    private static void Run(Reporter reporter)
    {
        var search = DataFolders.SearchOrder();
        var table = new ReportTable(ReportTable.Text("name"), ReportTable.Text("description"), ReportTable.Path("folder"));
        List<JsonRecord> records = [];
        foreach (var entry in DatasetCatalog.Entries)
        {
            var folder = search.Select(root => Path.Combine(root, entry.Name)).FirstOrDefault(Directory.Exists);
            table.Add(entry.Name, entry.Description, folder ?? (entry.IsBundled ? "not found" : $"data get {entry.Name}"));
            records.Add(new JsonRecord().Add("name", entry.Name).Add("description", entry.Description).Add("classes", entry.ClassNames.Count)
                .Add("folder", folder).Add("downloads", entry.Downloads).Add("licence", entry.Licence).Add("citation", entry.Citation));
        }

        table.Add(ShapesGenerator.Name, ShapesGenerator.Description, "generated");
        records.Add(new JsonRecord().Add("name", ShapesGenerator.Name).Add("description", ShapesGenerator.Description)
            .Add("classes", ShapesGenerator.ClassNames.Count).Add("folder", null).Add("downloads", Array.Empty<string>()));
        foreach (var name in TableGenerator.Names)
        {
            table.Add(name, TableGenerator.Describe(name), "generated");
            records.Add(new JsonRecord().Add("name", name).Add("description", TableGenerator.Describe(name))
                .Add("classes", TableGenerator.DefaultClasses(name)).Add("folder", null).Add("downloads", Array.Empty<string>()));
        }

        reporter.Table(table);
        reporter.Line(
            "A folder with IDX files, CIFAR batches, Parquet files, images and masks, or one subfolder of images per class is also a data set, "
            + "and so is a table (.csv, .tsv).");
        reporter.Line($"Searched folders: {string.Join(", ", search)}");
        reporter.Result(new JsonRecord().Add("datasets", records).Add("searched", search));
    }
}
