using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>The operations of a model in order of execution, before memory is assigned.</summary>
/// <param name="Model">the model</param>
/// <param name="Training">whether there is a backward pass</param>
/// <param name="Input">the model's input</param>
/// <param name="Output">the model's output</param>
/// <param name="Operations">the operations</param>
internal sealed record PlanGraph(Model Model, bool Training, PlanValue Input, PlanTensor Output, IReadOnlyList<PlanOperation> Operations)
{
    /// <summary>All values in order of execution, the input of the model first.</summary>
    public IEnumerable<PlanValue> Values => Operations.Select(operation => operation.Output.Value).Prepend(Input);

    /// <summary>Whether an operation has a backward pass: in training, if it or an operation that it depends on has parameters.</summary>
    public static bool HasBackward(PlanOperation operation) => operation.Output.Value.NeedsGradient;
}
