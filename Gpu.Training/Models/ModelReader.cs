using System.Text.Json;
using Gpu.Kernels;
using Gpu.Training.IO;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>Reads models from JSON.</summary>
internal static class ModelReader
{
    /// <summary>Maximum nesting of the JSON, deeper than any reasonable model. It bounds the recursion of this class.</summary>
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Options =
        new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = MaxDepth };

    private static readonly string[] PropertyNames = ["name", "input", "loss", "labelSmoothing", "optimizer", "layers", "discriminator"];

    public static Model Read(string json, string source)
    {
        JsonDocument document;
        try
        {
            document = JsonText.Parse(json, Options);
        }
        catch (JsonException e)
        {
            var reason = e.Message.Split(" LineNumber:")[0];
            var place = e.LineNumber is null ? "" : $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: ";
            throw new ModelException($"{source} is not JSON: {place}{reason}", e);
        }

        using (document)
        {
            try
            {
                return ReadModel(document.RootElement, source);
            }
            catch (ModelException e) when (!e.Message.StartsWith(source, StringComparison.Ordinal))
            {
                throw new ModelException($"{source}: {e.Message}", e);
            }
        }
    }

    private static Model ReadModel(JsonElement json, string source)
    {
        var reader = new JsonObjectReader(json, source, PropertyNames);
        var name = reader.Read("name", "model");
        if (string.IsNullOrWhiteSpace(name)) throw reader.Error("the name is empty.");
        var optimizer = reader.Has("optimizer") ? ReadOptimizer(reader.Required("optimizer"), "optimizer") : new OptimizerOptions();
        var recipe = new TrainingRecipe
        {
            Loss = reader.Read("loss", LossKind.SoftmaxCrossEntropy),
            LabelSmoothing = reader.Read("labelSmoothing", 0f),
            Optimizer = optimizer,
        };
        try
        {
            ResolvedOptions.CheckRecipe(recipe.Optimizer, recipe.LabelSmoothing, isModelFile: true);
        }
        catch (RangeException e)
        {
            // As in the file: numbers beyond 32 bits became infinite or 0.
            var owner = json.TryGetProperty(e.Name, out _) ? json : reader.Required("optimizer");
            throw reader.Error(owner.TryGetProperty(e.Name, out var written) ? e.With(JsonValues.Text(written)) : e.Message, e);
        }

        return new Model(name, ReadShape(reader), recipe, ReadLayers(reader.Required("layers"), "layers"))
        {
            Discriminator = reader.Has("discriminator") ? ReadModel(reader.Required("discriminator"), $"{source}, discriminator") : null,
        };
    }

    private static TensorShape ReadShape(JsonObjectReader reader)
    {
        const string needed = "[height, width, channels], or [features], each 1 to 2,147,483,647,";
        var json = reader.Required("input");
        if (json.ValueKind != JsonValueKind.Array) throw reader.Error($"property 'input': {JsonValues.Expected(needed, json).Message}");
        var extents = json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var whole) && whole > 0
            ? whole : 0).ToArray();
        if (extents.Contains(0) || extents.Length is not (1 or 3)) throw reader.Error($"property 'input': {JsonValues.Expected(needed, json).Message}");
        try
        {
            return extents.Length == 1 ? TensorShape.Features(extents[0]) : TensorShape.Image(extents[0], extents[1], extents[2]);
        }
        catch (ArgumentException e)
        {
            throw reader.Error($"property 'input': {e.Message}.", e);
        }
    }

    private static OptimizerOptions ReadOptimizer(JsonElement json, string path)
    {
        var reader = new JsonObjectReader(json, path, OptimizerJson.PropertyNames);
        var options = reader.Has("kind") ? OptimizerOptions.DefaultsFor((OptimizerKind)reader.Read("kind", typeof(OptimizerKind))) : new OptimizerOptions();
        return options with
        {
            LearningRate = reader.Read("learningRate", options.LearningRate),
            Momentum = reader.Read("momentum", options.Momentum),
            Beta1 = reader.Read("beta1", options.Beta1),
            Beta2 = reader.Read("beta2", options.Beta2),
            Epsilon = reader.Read("epsilon", options.Epsilon),
            WeightDecay = reader.Read("weightDecay", options.WeightDecay),
            DecayMode = reader.Read("decayMode", options.DecayMode),
            DecayOn = reader.Read("decayOn", options.DecayOn),
            DecayConvention = reader.Read("decayConvention", options.DecayConvention),
            DecaySchedule = reader.Read("decaySchedule", options.DecaySchedule),
            CautiousDecay = reader.Read("cautiousDecay", options.CautiousDecay),
            L1 = reader.Read("l1", options.L1),
            L1Mode = reader.Read("l1Mode", options.L1Mode),
            MaxNorm = reader.Read("maxNorm", options.MaxNorm),
            SpectralNorm = reader.Read("spectralNorm", options.SpectralNorm),
        };
    }

    private static List<Layer> ReadLayers(JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Array) throw new ModelException($"{path}: {JsonValues.Expected("a list of layers, [...],", json).Message}");
        return [.. json.EnumerateArray().Select((item, i) => ReadLayer(item, $"{path}[{i}]"))];
    }

    private static Layer ReadLayer(JsonElement json, string path)
    {
        var kinds = LayerRegistry.Names;
        if (json.ValueKind != JsonValueKind.Object) throw new ModelException($"{path}: {JsonValues.Expected("a layer, {\"type\": ...},", json).Message}");
        if (!json.TryGetProperty("type", out var kindJson) || kindJson.ValueKind != JsonValueKind.String)
            throw new ModelException($"{path}: the property 'type' is missing or not a string. Types: {string.Join(", ", kinds)}.");
        var kind = kindJson.GetString()!;
        if (LayerRegistry.Find(kind) is not { } type)
            throw new ModelException($"{path}: there is no layer type '{kind}'.{JsonValues.DidYouMean(kind, kinds)} Types: {string.Join(", ", kinds)}.");
        var properties = LayerProperties.Of(type);
        path = $"{path} ({kind})";
        var reader = new JsonObjectReader(json, path, [.. properties.All.Select(property => property.Name).Prepend("type")]);
        var layer = (Layer)Activator.CreateInstance(type)!;
        foreach (var property in properties.All)
        {
            if (reader.Has(property.Name)) property.Info.SetValue(layer, ReadValue(reader, property, path));
            else if (property.IsRequired) throw reader.Error($"the property '{property.Name}' is missing.");
        }

        return layer;
    }

    private static object ReadValue(JsonObjectReader reader, LayerProperty property, string path) =>
        property.Info.PropertyType == typeof(IReadOnlyList<Layer>)
            ? ReadLayers(reader.Required(property.Name), $"{path}.{property.Name}")
            : reader.Read(property.Name, property.Info.PropertyType);
}
