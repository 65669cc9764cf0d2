using System.Text.RegularExpressions;
using Gpu.Training.Layers;
using Gpu.Training.Models;

namespace Gpu.Training.Weights;

/// <summary>
/// Names of the layers in files with PyTorch's names. They are the names of this program, so that a module with attributes of these names loads the file by
/// <c>load_state_dict</c>; for resnet18 they are those of torchvision.
/// </summary>
internal static partial class TorchNames
{
    private const string TorchvisionModel = "resnet18";

    /// <summary>The name of a layer.</summary>
    public static string Of(Model model, LayerNode node) =>
        model.Name == TorchvisionModel && Torchvision(node.Name) is { } name ? name : node.Name;

    /// <summary>The name of a parameter in its layer.</summary>
    public static string Of(LayerNode node, string parameter) => node.Layer is not BatchNormLayer ? parameter : parameter switch
    {
        "gamma" => "weight",
        "beta" => "bias",
        "running_variance" => "running_var",
        _ => parameter,
    };

    // residual3.conv1 is layer2.0.conv1: two blocks make a layer.
    private static string? Torchvision(string name)
    {
        if (name == "dense1") return "fc";
        var match = Residual().Match(name);
        if (!match.Success) return name.Replace("batchnorm", "bn", StringComparison.Ordinal);
        var block = int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) - 1;
        var inner = match.Groups[2].Value switch
        {
            "shortcut" => "downsample.0",
            "shortcut_norm" => "downsample.1",
            var other => other.Replace("batchnorm", "bn", StringComparison.Ordinal),
        };
        return $"layer{block / 2 + 1}.{block % 2}.{inner}";
    }

    [GeneratedRegex(@"^residual([0-9]{1,3})\.(.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Residual();
}
