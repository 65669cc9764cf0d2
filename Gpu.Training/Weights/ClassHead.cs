using Gpu.Training.Data;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Weights;

/// <summary>
/// The last layer of a network that takes over the weights of a run with other classes, or the same in another order: the values of a class are found by its
/// name, never by its position. Classes that the run does not know keep their initial values.
/// </summary>
internal sealed class ClassHead
{
    private const int NamesInMessage = 6;

    private readonly string _layer;
    private readonly IReadOnlyList<string> _known;
    private readonly IReadOnlyList<string> _classes;
    // The class of the run for each class of the network; -1 for an unknown one.
    private readonly int[] _from;

    private ClassHead(string layer, IReadOnlyList<string> known, IReadOnlyList<string> classes)
    {
        (_layer, _known, _classes) = (layer, known, classes);
        var indices = known.Select((name, index) => (UnicodeNames.Normalize(name), index)).ToDictionary(StringComparer.Ordinal);
        _from = [.. classes.Select(name => indices.GetValueOrDefault(UnicodeNames.Normalize(name), -1))];
    }

    /// <summary>Whether a tensor was aligned.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>The head to align; null if the classes are the same in the same order, or unknown.</summary>
    /// <param name="network">the network</param>
    /// <param name="known">names of the classes of the weights</param>
    /// <param name="classes">names of the classes of the network</param>
    public static ClassHead? For(Network network, IReadOnlyList<string>? known, IReadOnlyList<string>? classes)
    {
        if (known is not { Count: > 0 } || classes is not { Count: > 0 } || network.Model.Parameters.Count == 0) return null;
        if (known.Select(UnicodeNames.Normalize).SequenceEqual(classes.Select(UnicodeNames.Normalize), StringComparer.Ordinal)) return null;
        var last = network.Model.Parameters[^1].Name;
        return new ClassHead(last[..(last.LastIndexOf('.') + 1)], known, classes);
    }

    /// <summary>Whether a tensor has one value, or column, for each class of the run, and belongs to the last layer.</summary>
    public bool Matches(ModelParameter parameter, SourceTensor tensor) =>
        parameter.Name.StartsWith(_layer, StringComparison.Ordinal) && tensor.Shape.Count == parameter.Shape.Count
        && tensor.Shape.Count > 0 && tensor.Shape[^1] == _known.Count && parameter.Shape[^1] == _classes.Count
        && tensor.Shape.SkipLast(1).SequenceEqual(parameter.Shape.SkipLast(1).Select(extent => (long)extent));

    /// <summary>The values of a parameter: the column of each class from the run, or its initial values.</summary>
    public float[] Align(Network network, ModelParameter parameter, SourceTensor tensor)
    {
        IsUsed = true;
        var (values, source) = (network.GetParameter(parameter.Name), tensor.Read());
        for (var i = 0; i < values.Length; i++)
        {
            var (row, column) = Math.DivRem(i, _classes.Count);
            if (_from[column] >= 0) values[i] = source[row * _known.Count + _from[column]];
        }

        return values;
    }

    /// <summary>What was matched, for the user.</summary>
    public string Describe()
    {
        var layer = _layer.TrimEnd('.');
        var unknown = _classes.Where((_, index) => _from[index] < 0).ToArray();
        var lost = _known.Where((_, index) => !_from.Contains(index)).ToArray();
        var text = $"The classes of '{layer}' are matched by name: {_classes.Count - unknown.Length} of {_classes.Count} are classes of the run.";
        if (unknown.Length > 0) text += $" New, left at their initial values: {NameList.Join(unknown, NamesInMessage)}.";
        if (lost.Length > 0) text += $" Not in the data, left out: {NameList.Join(lost, NamesInMessage)}.";
        return text;
    }
}
