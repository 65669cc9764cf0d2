using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Cli.Reports;

/// <summary>Scores of the pixels of each class, and image, truth, prediction and error of some images side by side.</summary>
internal static class MasksSection
{
    /// <summary>The section; null for other tasks, and while the run trains.</summary>
    public static XElement? Draw(RunView run, RunResults? results)
    {
        if (results is not { Masks: { } masks, Evaluation.Pixels: { } pixels } || results.Split is not ImageSplit split) return null;
        var names = run.Folder.Configuration.ClassNames;
        var size = split.Height * split.Width;
        var rows = names.Select((name, c) => (object[])
        [
            Html.E("td", Html.A("class", "wrap"), Swatch(c), " " + name), double.IsNaN(pixels.Iou[c]) ? "-" : Units.Percent(pixels.Iou[c]),
            Units.Percent(Enumerable.Range(0, pixels.Counts.GetLength(1)).Sum(k => pixels.Counts[c, k]) / (double)pixels.Pixels),
        ]);
        var figures = Enumerable.Range(0, split.Count).Select(i =>
        {
            var image = new ByteImage(split.Height, split.Width, split.Channels, split.Image(i).ToArray());
            var predicted = masks.AsSpan(i * size, size);
            var wrong = 0;
            for (var k = 0; k < size; k++)
                if (split.Mask(i)[k] != predicted[k] && split.Mask(i)[k] != ImageSplit.VoidLabel) wrong++;
            return Html.E(
                "figure",
                Html.Div(
                    "pair", Picture.Image(image, "image"), Picture.Image(MaskColors.Draw(split.Mask(i), split.Height, split.Width), "truth"),
                    Picture.Image(MaskColors.Draw(predicted, split.Height, split.Width), "prediction"),
                    Picture.Image(MaskColors.Errors(image, split.Mask(i), predicted), "error")),
                Html.E("figcaption", Html.E("span", Html.A("class", "soft"), $"{Units.Percent((double)wrong / size, 1)} wrong")));
        });
        return Html.Section(
            "Masks",
            Html.Table(["class", "IoU#", "share of the pixels#"], rows),
            Html.E(
                "p", Html.A("class", "soft"),
                $"The first {split.Count} images of the test part: image, truth, prediction, and in red the pixels that are wrong."),
            Html.E("div", Html.A("class", "pictures"), Html.A("style", "grid-template-columns:repeat(auto-fill,minmax(min(320px,100%),1fr))"), figures));
    }

    private static XElement Swatch(int label)
    {
        var color = MaskColors.Palette[label];
        return Html.E(
            "span", Html.A("style", $"display:inline-block;width:.8em;height:.8em;background:rgb({color.Red},{color.Green},{color.Blue})"), "");
    }
}
