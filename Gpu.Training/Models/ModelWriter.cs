using System.Text.Json;
using System.Text.Json.Nodes;
using Gpu.Training.Layers;

namespace Gpu.Training.Models;

/// <summary>Writes models as JSON.</summary>
internal static class ModelWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Write(Model model) => ToJson(model).ToJsonString(Indented) + "\n";

    private static JsonObject ToJson(Model model)
    {
        var input = model.Input.IsImage ? new JsonArray(model.Input.Height, model.Input.Width, model.Input.Channels) : new JsonArray(model.Input.Length);
        var json = new JsonObject { ["name"] = model.Name, ["input"] = input, ["loss"] = JsonValues.Write(model.Recipe.Loss) };
        if (model.Recipe.LabelSmoothing != 0) json["labelSmoothing"] = JsonValues.Write(model.Recipe.LabelSmoothing);
        json["optimizer"] = OptimizerJson.Write(model.Recipe.Optimizer);
        json["layers"] = Write(model.Layers);
        if (model.Discriminator is { } discriminator) json["discriminator"] = ToJson(discriminator);
        return json;
    }

    private static JsonArray Write(IEnumerable<Layer> layers) => new([.. layers.Select(Write)]);

    private static JsonNode Write(Layer layer)
    {
        var json = new JsonObject { ["type"] = LayerRegistry.KindOf(layer) };
        foreach (var (property, value) in LayerProperties.Of(layer.GetType()).NonDefault(layer))
            json[property.Name] = value is IReadOnlyList<Layer> layers ? Write(layers) : JsonValues.Write(value);
        return json;
    }
}
