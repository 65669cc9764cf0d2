using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;

namespace Gpu.Cli.Commands;

/// <summary>Shows what a table holds.</summary>
internal static class TableDisplay
{
    private const int MostLevels = 6;
    private const int MostClasses = 50;

    /// <summary>Shows the columns and, if the table can be trained on, the target and the rows of each class.</summary>
    /// <param name="reporter">Receives the output.</param>
    /// <param name="source">File or name of the table.</param>
    /// <param name="load">Loads the table to train on; it may throw a <see cref="DatasetException"/>.</param>
    public static void Show(Reporter reporter, string source, Func<TableDataset> load)
    {
        var summary = TableSummary.Read(source);
        TableDataset? data = null;
        DatasetException? mistake = null;
        try
        {
            data = load();
        }
        catch (DatasetException e)
        {
            mistake = e;
        }

        var table = new ReportTable(
            ReportTable.Text("column"), ReportTable.Text("kind"), ReportTable.Number("missing"), ReportTable.Number("different"), ReportTable.Text("values"))
        {
            Title = $"{Path.GetFileName(source)}: {Units.Count(summary.Rows, "row")}, {Units.Count(summary.Columns.Count, "column")}",
        };
        foreach (var column in summary.Columns)
        {
            table.Add(
                column.Name, Kind(column) + (column.Name == data?.Schema.Target ? ", target" : ""), Units.Count(column.Missing),
                column.Distinct is { } distinct ? Units.Count(distinct) : "over 1,000", Values(column));
        }

        reporter.Table(table);
        foreach (var column in summary.Columns.Where(column => column.Missing > 0))
            reporter.Line($"Missing in '{column.Name}': {column.MissingLines}.");
        if (data is not null)
            ShowParts(reporter, data);
        else
            reporter.Warn($"The table cannot be trained on as it is: {mistake!.Message}");
        reporter.Result(Json(source, summary, data, mistake));
    }

    private static void ShowParts(Reporter reporter, TableDataset data)
    {
        if (data.Classes == 0)
        {
            reporter.Line($"{Units.Count(data.Train.Count, "training row")}, {Units.Count(data.Test.Count, "test row")}.");
            return;
        }

        var (train, test) = (data.Train.CountPerClass(data.Classes), data.Test.CountPerClass(data.Classes));
        var table = new ReportTable(ReportTable.Text(data.Schema.Target), ReportTable.Number("training rows"), ReportTable.Number("test rows"));
        for (var label = 0; label < Math.Min(data.Classes, MostClasses); label++)
            table.Add(data.ClassNames[label], Units.Count(train[label]), Units.Count(test[label]));
        reporter.Table(table);
        if (data.Classes > MostClasses)
            reporter.Line($"and {data.Classes - MostClasses} more classes");
    }

    private static string Kind(TableColumnSummary column) =>
        column.IsWhole ? "whole number" : column.IsNumber ? "number"
        : column.NotNumbers is not null ? "text, mostly numbers" : column.IsIdentifier ? "text, nearly all different" : "text";

    private static string Values(TableColumnSummary column)
    {
        if (column.IsNumber)
            return $"{Units.Number(column.Range!.Value.Least)} to {Units.Number(column.Range.Value.Most)}";
        if (column.NotNumbers is { } cells)
            return $"not a number: {cells}";
        var levels = string.Join(", ", column.Counts.Take(MostLevels).Select(level => column.IsIdentifier ? level.Value : $"{level.Value} {level.Count:N0}"));
        return levels + (column.Distinct is { } distinct && distinct <= MostLevels ? "" : " ...");
    }

    private static JsonRecord Json(string source, TableSummary summary, TableDataset? data, DatasetException? mistake)
    {
        var (train, test) = data is null ? ([], []) : (data.Train.CountPerClass(data.Classes), data.Test.CountPerClass(data.Classes));
        return new JsonRecord().Add("dataset", source).Add("rows", summary.Rows)
            .Add("columns", summary.Columns.Select(column => new JsonRecord().Add("name", column.Name).Add("kind", Kind(column))
                .Add("missing", column.Missing).Add("different", column.Distinct).Add("least", column.Range?.Least).Add("most", column.Range?.Most)
                .Add("values", column.IsNumber || column.IsIdentifier ? null : column.Counts.Select(level => new JsonRecord().Add("value", level.Value)
                    .Add("count", level.Count)))))
            .Add("target", data?.Schema.Target).Add("task", data?.Task.ToString().ToLowerInvariant()).Add("train", data?.Train.Count)
            .Add("test", data?.Test.Count)
            .Add("classes", data?.ClassNames.Select((name, label) => new JsonRecord().Add("name", name).Add("train", train[label]).Add("test", test[label])))
            .Add("error", mistake?.Message);
    }
}
