using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Training.Data;

namespace Gpu.Cli.Commands;

/// <summary><c>data list</c>: the data sets that are known by name, and where they lie on this machine.</summary>
internal static class DataListCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var command = new Command("list", "Lists the data sets that are known by name, and where they are on this machine");
        command.SetAction(_ => Run(context.Reporter));
        return command;
    }

    private static void Run(Reporter reporter)
    {
        var search = DataFolders.SearchOrder();
        var table = new ReportTable(ReportTable.Text("name"), ReportTable.Text("holds"), ReportTable.Text("folder"));
        List<JsonRecord> records = [];
        foreach (var entry in DatasetCatalog.Entries)
        {
            var folder = search.Select(root => Path.Combine(root, entry.Name)).FirstOrDefault(Directory.Exists);
            table.Add(entry.Name, entry.Description, folder ?? "not on this machine");
            records.Add(new JsonRecord().Add("name", entry.Name).Add("description", entry.Description).Add("classes", entry.ClassNames.Count)
                .Add("folder", folder).Add("downloads", entry.Downloads));
        }

        reporter.Table(table);
        reporter.Line("Any folder with IDX files, CIFAR-10 binary batches, or one folder of images a class is a data set, too.");
        reporter.Line($"Searched for names: {string.Join(", ", search)}");
        reporter.Result(new JsonRecord().Add("datasets", records).Add("searched", search));
    }
}
