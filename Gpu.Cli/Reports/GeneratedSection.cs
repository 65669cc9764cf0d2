using System.Xml.Linq;

namespace Gpu.Cli.Reports;

/// <summary>The pictures that the run wrote after its epochs: reconstructions, samples, walks between codes.</summary>
internal static class GeneratedSection
{
    // The first, the last, and some between.
    private const int MostEpochs = 5;

    private static readonly (string Name, string Title)[] Kinds =
        [("reconstructions", "Test images, each beside its reconstruction"), ("samples", "Samples from noise that is the same in all epochs"),
            ("walk", "From one code to another, row by row")];

    /// <summary>The section; null without pictures.</summary>
    public static XElement? Draw(RunView run)
    {
        List<XElement> parts = [];
        foreach (var (name, title) in Kinds)
        {
            var pictures = run.Folder.Pictures(name).Where(picture => run.Last is { } last && picture.Epoch <= last.Epoch).ToArray();
            if (pictures.Length == 0) continue;
            var count = Math.Min(MostEpochs, pictures.Length);
            var chosen = Enumerable.Range(0, count).Select(i => pictures[count == 1 ? 0 : i * (pictures.Length - 1) / (count - 1)]);
            parts.Add(Html.E("p", Html.A("class", "soft"), title));
            parts.Add(Html.E(
                "div", Html.A("class", "pictures"), Html.A("style", "grid-template-columns:repeat(auto-fill,minmax(min(480px,100%),1fr))"),
                chosen.Select(picture => Html.E(
                    "figure", Sheet(File.ReadAllBytes(picture.File), $"{name} after epoch {picture.Epoch}"),
                    Html.E("figcaption", Html.E("span", Html.A("class", "soft"), $"epoch {picture.Epoch}"))))));
        }

        if (Gpu.Training.Generation.Collapse.Describe(run.Reports) is { } message) parts.Insert(0, Html.E("p", Html.E("b", message)));
        return parts.Count == 0 ? null : Html.Section("Pictures of the epochs", [.. parts]);
    }

    // Whole, not as small as a single image.
    private static XElement Sheet(byte[] png, string alt)
    {
        var image = Picture.Image(png, alt);
        image.SetAttributeValue("style", "width:100%;height:auto");
        return image;
    }
}
