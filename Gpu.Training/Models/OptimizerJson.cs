using System.Text.Json.Nodes;
using Gpu.Training.Loop;

namespace Gpu.Training.Models;

/// <summary>The JSON of an optimizer in a model file.</summary>
internal static class OptimizerJson
{
    /// <summary>The property names.</summary>
    public static readonly string[] PropertyNames =
    [
        "kind", "learningRate", "momentum", "beta1", "beta2", "epsilon", "weightDecay", "decayMode", "decayOn", "decayConvention", "decaySchedule",
        "cautiousDecay", "l1", "l1Mode", "maxNorm", "spectralNorm",
    ];

    /// <summary>Converts an optimizer to JSON: its kind, and the options that differ from the defaults of that kind.</summary>
    public static JsonObject Write(OptimizerOptions options)
    {
        var defaults = OptimizerOptions.DefaultsFor(options.Kind);
        var json = new JsonObject { ["kind"] = JsonValues.Write(options.Kind) };
        Add("learningRate", options.LearningRate, defaults.LearningRate);
        Add("momentum", options.Momentum, defaults.Momentum);
        Add("beta1", options.Beta1, defaults.Beta1);
        Add("beta2", options.Beta2, defaults.Beta2);
        Add("epsilon", options.Epsilon, defaults.Epsilon);
        Add("weightDecay", options.WeightDecay, defaults.WeightDecay);
        Add("decayMode", options.DecayMode, defaults.DecayMode);
        Add("decayOn", options.DecayOn, defaults.DecayOn);
        Add("decayConvention", options.DecayConvention, defaults.DecayConvention);
        Add("decaySchedule", options.DecaySchedule, defaults.DecaySchedule);
        Add("cautiousDecay", options.CautiousDecay, defaults.CautiousDecay);
        Add("l1", options.L1, defaults.L1);
        Add("l1Mode", options.L1Mode, defaults.L1Mode);
        Add("maxNorm", options.MaxNorm, defaults.MaxNorm);
        Add("spectralNorm", options.SpectralNorm, defaults.SpectralNorm);
        return json;

        void Add(string name, object value, object defaultValue)
        {
            if (!value.Equals(defaultValue)) json[name] = JsonValues.Write(value);
        }
    }
}
