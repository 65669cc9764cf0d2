using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Loop;

namespace Gpu.Cli.Reports;

/// <summary>Confusion matrix and scores of the classes.</summary>
internal static class ClassesSection
{
    private const int MostMatrixClasses = 20;
    private const int MostPairs = 15;

    /// <summary>The section; null without classes.</summary>
    public static XElement? Draw(RunView run, RunResults? results)
    {
        if (results?.Evaluation.ConfusionMatrix is not { } matrix) return null;
        var names = run.Folder.Configuration.ClassNames;
        var scores = ClassScore.FromConfusionMatrix(matrix);
        var rows = names.Select((name, c) => (object[])
        [
            Cell(name), Units.Count(scores[c].Samples), Percent(scores[c].Precision, scores[c].Samples), Percent(scores[c].Recall, scores[c].Samples),
            Percent(scores[c].F1, scores[c].Samples),
        ]);
        var table = Html.E("div", Html.E("h3", "Classes"), Html.Table(["class", $"{results.Split.SampleNoun}#", "precision#", "recall#", "F1#"], rows));
        var confusion = names.Count <= MostMatrixClasses
            ? Html.E("div", Html.E("h3", "Confusion: rows are the true class, columns the predicted one"), Matrix(matrix, names))
            : Html.E("div", Html.E("h3", "Most frequent confusions"), Pairs(matrix, names));
        return Html.Section("Classes", Html.Div("two", confusion, table));
    }

    private static XElement Cell(string name) => Html.E("td", Html.A("class", "wrap"), name);

    private static string Percent(double share, int samples) => samples > 0 ? Units.Percent(share, 1) : "-";

    private static XElement Matrix(int[,] matrix, IReadOnlyList<string> names)
    {
        // Predictions of outputs that are no class of the data are counted together.
        var outputs = matrix.GetLength(1);
        string[] columns = outputs > names.Count ? [.. names, "other"] : [.. names];
        var table = Html.E("table", Html.A("class", "matrix"));
        table.Add(Html.E("thead", Html.E("tr", Html.E("th"), columns.Select(name => Html.E("th", Html.A("title", name), name)))));
        var body = Html.E("tbody");
        for (var row = 0; row < names.Count; row++)
        {
            var counts = Enumerable.Range(0, outputs).Select(column => matrix[row, column]).ToArray();
            if (outputs > names.Count) counts = [.. counts[..names.Count], counts[names.Count..].Sum()];
            double sum = Math.Max(1, counts.Sum());
            body.Add(Html.E(
                "tr", Html.E("th", Html.A("title", names[row]), names[row]),
                counts.Select((count, column) => Html.E("td", Shade(count / sum, column == row), count == 0 ? "\u00B7" : Units.Count(count)))));
        }

        table.Add(body);
        return Html.Div("scroll", table);
    }

    // Mistakes are rare, so that their color grows with the root of their share.
    private static XAttribute Shade(double share, bool isRight)
    {
        var strength = isRight ? share : Math.Sqrt(share);
        var text = strength > 0.55 ? ";color:#fff" : share == 0 ? ";color:var(--soft)" : "";
        var color = isRight ? "var(--m1,#0072b2)" : "var(--m2,#c04f00)";
        return Html.A("style", $"background:color-mix(in srgb,{color} {SvgPlot.N(Math.Round(100 * strength))}%,transparent){text}");
    }

    private static XElement Pairs(int[,] matrix, IReadOnlyList<string> names)
    {
        var pairs = from row in Enumerable.Range(0, names.Count)
                    from column in Enumerable.Range(0, names.Count)
                    where row != column && matrix[row, column] > 0
                    orderby matrix[row, column] descending
                    select (object[])[Cell(names[row]), Cell(names[column]), Units.Count(matrix[row, column])];
        return Html.Table(["true class", "predicted as", "times#"], pairs.Take(MostPairs));
    }
}
