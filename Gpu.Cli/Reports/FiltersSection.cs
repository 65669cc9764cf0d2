using System.Xml.Linq;
using Gpu.Training.Images;
using Gpu.Training.Layers;
using Gpu.Training.Weights;

namespace Gpu.Cli.Reports;

/// <summary>The weights of the first layer as pictures.</summary>
internal static class FiltersSection
{
    private const int Most = 64;

    /// <summary>The section; null if the first layer with weights does not see pixels.</summary>
    public static XElement? Draw(RunView run, RunResults? results)
    {
        var model = run.Folder.Model;
        var first = model.Nodes.SelectMany(node => node.Flatten()).FirstOrDefault(node => node.FindParameter("weight") is not null);
        if (results is null || first is null || !model.Input.IsImage || !File.Exists(run.Folder.BestWeights)) return null;
        using var reader = new SafeTensorsReader(run.Folder.BestWeights);
        var weights = reader.ReadFloats(first.Parameter("weight").Name);
        var shape = first.Parameter("weight").Shape;
        var isDense = first.Layer is DenseLayer;
        if (isDense && shape[0] != model.Input.Length) return null;
        if (!isDense && (first.Layer is not ConvolutionLayer || shape.Count != 4 || shape[0] * shape[1] == 1)) return null;
        var (height, width, channels, count) = isDense
            ? (model.Input.Height, model.Input.Width, model.Input.Channels, shape[1]) : (shape[0], shape[1], shape[2], shape[3]);
        var largest = weights.Max(Math.Abs);
        if (!(largest > 0)) return null;
        var shown = Math.Min(count, Most);
        var images = Enumerable.Range(0, shown).Select(filter =>
            Picture.Image(Draw(weights, height, width, channels, count, filter, largest), $"filter {filter + 1}"));
        var more = shown < count ? $", the first {shown} of {count}" : "";
        var colors = channels == 3 ? "as colors around gray" : "blue below 0, orange above, of the mean over the input channels";
        return Html.Section(
            $"Weights of {first.Name}", Html.E("p", Html.A("class", "soft"), $"{(isDense ? "Units" : "Filters")}{more}: {colors}."),
            Html.Div(isDense ? "filters big" : "filters", images));
    }

    private static ByteImage Draw(float[] weights, int height, int width, int channels, int count, int filter, float largest)
    {
        var image = new ByteImage(height, width, 3);
        for (var i = 0; i < height * width; i++)
        {
            if (channels == 3)
            {
                for (var c = 0; c < 3; c++) image.Pixels[3 * i + c] = (byte)(128 + 127 * weights[(i * 3 + c) * count + filter] / largest);
                continue;
            }

            var mean = 0.0;
            for (var c = 0; c < channels; c++) mean += weights[(i * channels + c) * count + filter] / channels;
            var strength = Math.Min(1, Math.Abs(mean) / largest);
            ReadOnlySpan<int> color = mean < 0 ? [0, 114, 178] : [213, 94, 0];
            for (var c = 0; c < 3; c++) image.Pixels[3 * i + c] = (byte)(245 + strength * (color[c] - 245));
        }

        return image;
    }
}
