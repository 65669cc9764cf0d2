using Gpu.Training.Layers;

namespace Gpu.Training.Models;

/// <summary>Gives each layer its full name: its own, or its kind's prefix and a number; within a block after the block's name and a dot.</summary>
public sealed class NameScope
{
    private readonly string _prefix;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reserved;
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    internal NameScope(string prefix, IEnumerable<Layer> layers)
    {
        _prefix = prefix;
        // Names that people gave come first: an automatic name must not take one that a later layer has.
        _reserved = [.. layers.Select(layer => layer.Name).OfType<string>()];
    }

    /// <summary>A scope for the layers within a block.</summary>
    public NameScope CreateChild(string blockName, IEnumerable<Layer> layers) => new(blockName + ".", layers);

    internal string AssignName(Layer layer)
    {
        if (layer.Name is { } own)
        {
            if (own.Length == 0 || own.Any(letter => !(char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')))
                throw new ModelException($"'{own}' is not a layer name: letters, digits, '_' and '-' are possible.");
            if (!_taken.Add(own)) throw new ModelException($"Two layers are called '{_prefix}{own}'; give one of them another name.");
            return _prefix + own;
        }

        var kind = LayerRegistry.PrefixOf(layer);
        while (true)
        {
            var number = _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
            var name = kind + number;
            if (_reserved.Contains(name) || !_taken.Add(name)) continue;
            return _prefix + name;
        }
    }
}
