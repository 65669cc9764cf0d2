using Gpu.Kernels;
using Gpu.Training.Losses;

namespace Gpu.Training.Planning;

/// <summary>
/// How the backward pass of a graph applies the derivatives of fused activations, and how it sums the gradients of values with several consumers.
/// Independent of the batch size.
/// </summary>
internal sealed class GradientSchedule
{
    private readonly Dictionary<PlanValue, Activation> _gates = [];
    private readonly Dictionary<(PlanOperation, int), bool> _accumulate = [];
    private readonly HashSet<PlanOperation> _separateActivationBackward = [];

    public GradientSchedule(PlanGraph graph, LossFunction loss)
    {
        foreach (var operation in graph.Operations) DecideDerivative(operation, graph, loss);
        var written = new HashSet<PlanValue> { graph.Output.Value };
        foreach (var operation in graph.Operations.Reverse())
        {
            if (!PlanGraph.HasBackward(operation)) continue;
            for (var i = 0; i < operation.Inputs.Count; i++)
            {
                var value = operation.Inputs[i].Value;
                if (value.NeedsGradient) _accumulate[(operation, i)] = !written.Add(value);
            }
        }
    }

    /// <summary>
    /// The gate of a value: the activation by whose derivative all operations that write the value's gradient multiply it (see <see cref="Activation"/>);
    /// <see cref="Activation.None"/> for none.
    /// </summary>
    public Activation Gate(PlanValue value) => _gates.GetValueOrDefault(value, Activation.None);

    /// <summary>Whether an operation adds to the gradient of an input because an earlier operation of the backward pass wrote it.</summary>
    public bool Accumulates(PlanOperation operation, int input) => _accumulate[(operation, input)];

    /// <summary>Whether the backward pass of the fused activation runs as a separate kernel before the operation's backward pass.</summary>
    public bool HasSeparateActivationBackward(PlanOperation operation) => _separateActivationBackward.Contains(operation);

    /// <summary>
    /// Whether an operation writes the gradient of an input to a temporary buffer, which is then added to the sum, because it cannot accumulate itself.
    /// </summary>
    public bool NeedsTemporary(PlanOperation operation, int input) =>
        operation.Inputs[input].Value.NeedsGradient && Accumulates(operation, input) && !operation.CanAccumulate;

    private void DecideDerivative(PlanOperation operation, PlanGraph graph, LossFunction loss)
    {
        var value = operation.Output.Value;
        if (operation.Activation.Kind == ActivationKind.Identity || operation.AppliesActivationDerivative || !value.NeedsGradient) return;
        // Multiplication by the derivative is linear: if several operations contribute to the gradient, each multiplies its own part.
        var gated = value.Consumers.All(consumer => consumer.CanGate) && (value != graph.Output.Value || loss.CanGate);
        if (gated) _gates[value] = operation.Activation;
        else _separateActivationBackward.Add(operation);
    }
}
