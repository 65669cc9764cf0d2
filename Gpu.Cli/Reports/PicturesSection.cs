using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;

namespace Gpu.Cli.Reports;

/// <summary>The mistakes that the network was most sure of, as pictures with Grad-CAM maps, or as rows.</summary>
internal static class PicturesSection
{
    private const int MostColumns = 8;
    private const int MostRows = 12;

    /// <summary>The section; null without mistakes.</summary>
    public static XElement? Draw(RunView run, RunResults? results)
    {
        if (results is null || results.Mistakes.Count == 0) return null;
        var names = run.Folder.Configuration.ClassNames;
        string Name(int label) => label < names.Count ? names[label] : "no class";
        if (results.Split is not ImageSplit images) return Rows(run, results, (TableSplit)results.Split, Name);
        var hasMaps = results.Mistakes.Any(mistake => mistake.Map is not null);
        var figures = results.Mistakes.Select(mistake =>
        {
            var picture = Picture.Of(images, mistake.Sample);
            var image = Picture.Image(picture, $"{Name(mistake.Label)} taken for {Name(mistake.Predicted)}");
            return Html.E(
                "figure",
                mistake.Map is { } map
                    ? Html.Div("pair", image, Picture.Image(Picture.Heat(picture, map), $"what speaks for {Name(mistake.Predicted)}")) : image,
                Html.E(
                    "figcaption", Html.E("b", Name(mistake.Predicted)), $" {Units.Percent(mistake.Confidence, 1)}", Html.E("br"),
                    Html.E("span", Html.A("class", "soft"), $"is {Name(mistake.Label)}")));
        });
        var note = $"The {results.Mistakes.Count} wrong predictions with the highest probability, of {Units.Count(results.Count)} "
            + $"{results.Split.SampleNoun} of the test part."
            + (hasMaps ? " Orange (Grad-CAM): what speaks for the predicted class in the last convolution." : "");
        return Html.Section(
            "Most confident mistakes", Html.E("p", Html.A("class", "soft"), note),
            Html.E(
                "div", Html.A("class", "pictures"),
                hasMaps ? Html.A("style", "grid-template-columns:repeat(auto-fill,minmax(150px,1fr))") : null, figures));
    }

    private static XElement Rows(RunView run, RunResults results, TableSplit table, Func<int, string> name)
    {
        // Categories are several inputs, whose numbers say little here.
        var columns = run.Folder.Configuration.Table!.Columns;
        var isPlain = columns.Count == table.Features;
        var shown = isPlain ? columns.Take(MostColumns).ToArray() : [];
        var rows = results.Mistakes.Take(MostRows).Select(mistake => (object[])
        [
            Html.E("td", Html.A("class", "wrap"), name(mistake.Label)), Html.E("td", Html.A("class", "wrap"), name(mistake.Predicted)),
            Units.Percent(mistake.Confidence, 1), .. shown.Select((_, i) => (object)Units.Short(table.Values[mistake.Sample * table.Features + i])),
        ]);
        return Html.Section(
            "Most confident mistakes", Html.Table(["is", "predicted as", "probability#", .. shown.Select(column => $"{column.Name}#")], rows));
    }
}
