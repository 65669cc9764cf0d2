using System.IO.Enumeration;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Loop;

/// <summary>Which parameters of a model are frozen, and the factors of the learning rate of the others.</summary>
/// <param name="Frozen">full names of the frozen parameters</param>
/// <param name="Factors">factors of the learning rate by full name; 1 for names that are missing</param>
internal sealed record ParameterSelection(IReadOnlySet<string> Frozen, IReadOnlyDictionary<string, float> Factors)
{
    private const int NamesInMessage = 8;

    /// <summary>Finds the parameters of the patterns.</summary>
    /// <exception cref="TrainingException">a pattern matches nothing, a factor is out of range, or nothing is left to train</exception>
    public static ParameterSelection For(Model model, IReadOnlyList<string> freeze, IReadOnlyList<LearningRateScale> scales)
    {
        var names = model.Parameters.Where(parameter => parameter.Trainable).Select(parameter => parameter.Name).ToArray();
        var factors = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var (pattern, factor) in scales)
        {
            if (!(factor > 0 && float.IsFinite(factor)))
                throw new TrainingException($"lr-scale of '{pattern}' is {factor}, but must be a number above 0. To keep parameters fixed, freeze them.");
            foreach (var name in Match("lr-scale", pattern, names, model)) factors[name] = factor;
        }

        var frozen = freeze.SelectMany(pattern => Match("freeze", pattern, names, model)).ToHashSet(StringComparer.Ordinal);
        if (frozen.Count == names.Length && names.Length > 0)
        {
            throw new TrainingException(
                $"freeze {string.Join(", ", freeze)} matches all {names.Length} parameters of the model '{model.Name}', so nothing is left to train. "
                + "Leave the last layer out.");
        }

        return new ParameterSelection(frozen, factors);
    }

    /// <summary>The names that a pattern matches, at least one.</summary>
    internal static string[] Match(string option, string pattern, string[] names, Model model)
    {
        var matches = names.Where(name => IsMatch(pattern, name)).ToArray();
        if (matches.Length > 0) return matches;
        var nearest = NearestName.Find(pattern, names);
        throw new TrainingException(
            $"{option}: no parameter of the model '{model.Name}' matches '{pattern}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Its "
            + $"parameters are {NameList.Join(names, NamesInMessage)}. Use * for any text, such as residual1.*.");
    }

    // A pattern may name a parameter, or a layer or block with all that is in it.
    private static bool IsMatch(string pattern, string name) =>
        FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)
        || FileSystemName.MatchesSimpleExpression(pattern + ".*", name, ignoreCase: false);
}
