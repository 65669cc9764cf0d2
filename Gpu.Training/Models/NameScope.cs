using Gpu.Training.Layers;

namespace Gpu.Training.Models;

/// <summary>
/// Assigns the full names of layers. The name of a layer is its <see cref="Layer.Name"/>, or else the prefix of its kind and a number, such as <c>conv1</c>.
/// In a block, the name of the block and a dot precede it: <c>residual2.conv1</c>.
/// </summary>
public sealed class NameScope
{
    private readonly string _prefix;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reserved;
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    internal NameScope(string prefix, IEnumerable<Layer> layers)
    {
        _prefix = prefix;
        // An automatic name must not equal the explicit name of a later layer.
        _reserved = [.. layers.Select(layer => layer.Name).OfType<string>()];
    }

    /// <summary>Creates the scope of the layers in a block.</summary>
    /// <param name="blockName">the full name of the block</param>
    /// <param name="layers">the layers of the block</param>
    public NameScope CreateChild(string blockName, IEnumerable<Layer> layers) => new(blockName + ".", layers);

    internal string AssignName(Layer layer)
    {
        if (layer.Name is { } explicitName)
        {
            if (explicitName.Length == 0 || explicitName.Any(letter => !(char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')))
                throw new ModelException($"'{explicitName}' is not a layer name: only letters, digits, '_' and '-' are allowed.");
            if (!_used.Add(explicitName)) throw new ModelException($"Two layers are called '{_prefix}{explicitName}'; give one of them another name.");
            return _prefix + explicitName;
        }

        var prefix = LayerRegistry.PrefixOf(layer);
        while (true)
        {
            var number = _counts[prefix] = _counts.GetValueOrDefault(prefix) + 1;
            var name = prefix + number;
            if (_reserved.Contains(name) || !_used.Add(name)) continue;
            return _prefix + name;
        }
    }
}
