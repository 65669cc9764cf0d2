using Gpu.Kernels;
using Gpu.Tests.Compilation;
using Gpu.Training.Initialization;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Tests.Models;

/// <summary>docs/model-files.md names every layer, property and value of model files, and its example is one.</summary>
public class ModelFileDocumentTests
{
    [SourceFact]
    public void EveryLayerHasARowWithAllItsProperties()
    {
        var rows = Read().Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToArray();
        var shared = typeof(Layer).GetProperties().Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..]).ToArray();
        foreach (var name in shared) Assert.Contains($"`{name}`", Read());
        var missing = LayerRegistry.Names.SelectMany(kind =>
        {
            var row = Array.Find(rows, line => line.StartsWith($"| `{kind}` |", StringComparison.Ordinal));
            if (row is null) return [kind];
            return LayerProperties.Of(LayerRegistry.Find(kind)!).All.Select(property => property.Name)
                .Where(name => !shared.Contains(name) && !row.Contains($"`{name}`", StringComparison.Ordinal)).Select(name => $"{kind}: {name}");
        });
        Assert.Empty(missing);
    }

    [SourceFact]
    public void EveryValueIsNamed()
    {
        Enum[][] values =
        [
            Values<ActivationKind>(), Values<Initializer>(), Values<Shortcut>(), Values<LossKind>(), Values<OptimizerKind>(), Values<DecayMode>(),
            Values<DecayTarget>(), Values<DecayConvention>(), Values<DecaySchedule>(), Values<L1Mode>(),
        ];
        var text = Read();
        foreach (var name in values.SelectMany(all => all).Select(JsonValues.EnumName)) Assert.Contains($"`{name}`", text);
    }

    [SourceFact]
    public void TheExampleIsAModel()
    {
        var example = Read().Split("```json")[1].Split("```")[0];
        Assert.Equal(10, ModelFile.Parse(example).Output.Length);
    }

    private static Enum[] Values<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(value => (Enum)value)];

    private static string Read() => File.ReadAllText(Path.Combine(SourceTree.Root!, "docs", "model-files.md"));
}
