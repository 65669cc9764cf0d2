using System.Text.Json.Nodes;
using Gpu.Training.Loop;

namespace Gpu.Training.Models;

/// <summary>An optimizer in a model file.</summary>
internal static class OptimizerJson
{
    /// <summary>The names of its properties.</summary>
    public static readonly string[] Names = ["kind", "learningRate", "momentum", "beta1", "beta2", "epsilon", "weightDecay", "decayMode", "decayOn", "l1"];

    /// <summary>What differs from the customary numbers of the optimizer.</summary>
    public static JsonObject Write(OptimizerOptions options)
    {
        var customary = OptimizerOptions.DefaultsFor(options.Kind);
        var json = new JsonObject { ["kind"] = JsonValues.Write(options.Kind) };
        Add("learningRate", options.LearningRate, customary.LearningRate);
        Add("momentum", options.Momentum, customary.Momentum);
        Add("beta1", options.Beta1, customary.Beta1);
        Add("beta2", options.Beta2, customary.Beta2);
        Add("epsilon", options.Epsilon, customary.Epsilon);
        Add("weightDecay", options.WeightDecay, customary.WeightDecay);
        Add("decayMode", options.DecayMode, customary.DecayMode);
        Add("decayOn", options.DecayOn, customary.DecayOn);
        Add("l1", options.L1, customary.L1);
        return json;

        void Add(string name, object value, object usual)
        {
            if (!value.Equals(usual)) json[name] = JsonValues.Write(value);
        }
    }
}
