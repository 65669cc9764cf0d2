using Gpu.Training.Layers;

namespace Gpu.Training.Models;

/// <summary>
/// What the properties of layers say about the optimizer of a parameter: weight decay, L1 penalty, largest norm and factor of the learning rate. Null where no
/// layer around the parameter says anything; an inner layer takes precedence.
/// </summary>
internal sealed record LayerRules(float? WeightDecay, float? L1, float? MaxNorm, float? LearningRateScale)
{
    /// <summary>The rules of all parameters by their full names.</summary>
    public static IReadOnlyDictionary<string, LayerRules> Of(Model model)
    {
        var rules = new Dictionary<string, LayerRules>(StringComparer.Ordinal);
        foreach (var node in model.Nodes) Collect(node, new LayerRules(null, null, null, null), rules);
        return rules;
    }

    /// <summary>Checks the ranges of a layer's properties, and that they have an effect.</summary>
    /// <exception cref="ModelException">a property is out of range or has no effect</exception>
    public static void Check(LayerNode node)
    {
        var layer = node.Layer;
        Require(node, "weightDecay", layer.WeightDecay, value => value >= 0, $"0 to {NumberText.Largest}");
        Require(node, "l1", layer.L1, value => value >= 0, $"0 to {NumberText.Largest}");
        Require(node, "maxNorm", layer.MaxNorm, value => value >= 0, $"0 (for none) to {NumberText.Largest}");
        Require(node, "learningRateScale", layer.LearningRateScale, value => value > 0, $"above 0 and at most {NumberText.Largest}");
        if (layer.MaxNorm > 0 && !node.Flatten().Any(HasConstraints))
            throw Error(node, "maxNorm has no effect, because only dense and convolution layers have it. Remove it.");
    }

    /// <summary>Whether constraints of the norm apply to the layer's weights: [..., out], with the incoming weights of a unit in a column.</summary>
    public static bool HasConstraints(LayerNode node) => node.Layer is DenseLayer or Conv2dLayer;

    private static void Require(LayerNode node, string property, float? value, Func<float, bool> isValid, string range)
    {
        if (value is not { } number) return;
        if (!(float.IsFinite(number) && isValid(number))) throw Error(node, $"{property} is {NumberText.Of(number)}, but must be {range}.");
        if (!node.Flatten().SelectMany(inner => inner.Parameters).Any(parameter => parameter.Trainable))
            throw Error(node, $"{property} has no effect, because the layer has no parameters to train. Remove it.");
    }

    private static ModelException Error(LayerNode node, string message) => new($"Layer '{node.Name}' ({node.Kind}): {message}");

    private static void Collect(LayerNode node, LayerRules outer, Dictionary<string, LayerRules> rules)
    {
        var layer = node.Layer;
        var own = new LayerRules(
            layer.WeightDecay ?? outer.WeightDecay, layer.L1 ?? outer.L1, layer.MaxNorm ?? outer.MaxNorm, layer.LearningRateScale ?? outer.LearningRateScale);
        foreach (var parameter in node.Parameters) rules[parameter.Name] = own;
        foreach (var child in node.Children) Collect(child, own, rules);
    }
}
