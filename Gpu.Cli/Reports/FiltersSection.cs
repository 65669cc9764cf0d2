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
        if (results is null || Images(run) is not { } filters) return null;
        var shown = filters.Images.Length;
        var more = shown < filters.Count ? $", the first {shown} of {filters.Count}" : "";
        var colors = filters.Channels == 3 ? "as colors around gray" : "blue below 0, orange above, of the mean over the input channels";
        return Html.Section(
            $"Weights of {filters.Layer}", Html.E("p", Html.A("class", "soft"), $"{(filters.IsDense ? "Units" : "Filters")}{more}: {colors}."),
            Html.Div(filters.IsDense ? "filters big" : "filters", filters.Images.Select((image, i) => Picture.Image(image, $"filter {i + 1}"))));
    }

    /// <summary>The first filters of a run's best weights as pictures; null if the first layer with weights does not see pixels.</summary>
    public static Filters? Images(RunView run)
    {
        var model = run.Folder.Model;
        var first = model.Nodes.SelectMany(node => node.Flatten()).FirstOrDefault(node => node.FindParameter("weight") is not null);
        if (first is null || !model.Input.IsImage || !File.Exists(run.Folder.BestWeights)) return null;
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
        ByteImage[] images =
        [
            .. Enumerable.Range(0, Math.Min(count, Most)).Select(filter => Draw(weights, height, width, channels, count, filter, largest)),
        ];
        return new Filters(first.Name, isDense, channels, count, images);
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

    /// <summary>The weights of a layer as pictures.</summary>
    /// <param name="Layer">name of the layer</param>
    /// <param name="IsDense">whether it is a dense layer, not a convolution</param>
    /// <param name="Channels">channels of its input</param>
    /// <param name="Count">number of its filters or units</param>
    /// <param name="Images">the first of them</param>
    public sealed record Filters(string Layer, bool IsDense, int Channels, int Count, ByteImage[] Images);
}
