using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Losses;

namespace Gpu.Training.Planning;

/// <summary>
/// A model compiled for one batch size: launches over memory that was laid out beforehand. Running it allocates nothing. It is made by a
/// <see cref="PlanCache"/> and valid until that makes a plan that needs more memory.
/// </summary>
internal sealed class Plan
{
    private readonly CommandList _mainCommands;
    private readonly CommandList _lossCommands;

    private Plan(PlanMemory memory, BatchBuffers buffers, CommandList main, CommandList loss)
    {
        _mainCommands = main;
        _lossCommands = loss;
        Batch = memory.Batch;
        Layout = memory.Layout;
        Input = memory.Input;
        Output = memory.Value(memory.Graph.Output.Value);
        Labels = buffers.Labels.First(Batch);
        Targets = buffers.Targets.IsEmpty ? default : buffers.Targets.First(Output.Length);
        SampleLosses = buffers.SampleLosses.First(Batch);
    }

    /// <summary>Samples.</summary>
    public int Batch { get; }

    /// <summary>Where everything lies.</summary>
    public PlanLayout Layout { get; }

    /// <summary>[batch, input]: to be filled before running.</summary>
    public DeviceView Input { get; }

    /// <summary>[batch] integers: to be filled before running with a loss that uses labels.</summary>
    public DeviceView Labels { get; }

    /// <summary>[batch, output]: to be filled before running with a loss that uses targets; else empty.</summary>
    public DeviceView Targets { get; }

    /// <summary>[batch, output], after running.</summary>
    public DeviceView Output { get; }

    /// <summary>[batch], after running with a loss.</summary>
    public DeviceView SampleLosses { get; }

    /// <summary>
    /// Puts the launches of a training plan (forward, loss and metrics, backward, which adds to the gradients) or of an evaluation plan (forward, loss
    /// and metrics) into a list.
    /// </summary>
    public void AppendTo(CommandList list)
    {
        list.Append(_mainCommands);
        list.Append(_lossCommands);
    }

    /// <summary>Runs what <see cref="AppendTo"/> would put into a list.</summary>
    public void Run()
    {
        _mainCommands.Run();
        _lossCommands.Run();
    }

    /// <summary>An evaluation plan without the loss: forward only.</summary>
    public void RunForward() => _mainCommands.Run();

    /// <summary>Records a plan.</summary>
    public static Plan Record(PlanMemory memory, GradientSchedule? gradients, LossFunction loss, BatchBuffers buffers, PlanSettings settings, DeviceView lossScale)
    {
        var main = new CommandList(memory.Executor.Device);
        var last = new CommandList(memory.Executor.Device);
        var plan = new Plan(memory, buffers, main, last);
        memory = memory with { Executor = main };
        foreach (var operation in memory.Graph.Operations) operation.Forward(new ForwardContext(memory, operation));

        // In training the loss lies in the middle; in evaluation at the end, where it can be left out.
        var lossList = gradients is null ? last : main;
        var output = memory.Graph.Output.Value;
        var trains = gradients is not null && output.NeedsGradient;
        loss.Record(lossList, new LossArguments
        {
            Batch = plan.Batch,
            Outputs = output.Length,
            Output = plan.Output,
            Labels = plan.Labels,
            Targets = plan.Targets,
            Gradient = trains ? memory.Gradient(output) : default,
            SampleLosses = plan.SampleLosses,
            Metrics = gradients is null ? buffers.EvaluationMetrics : buffers.TrainingMetrics,
            TopK = settings.TopK,
            Gate = gradients?.Gate(output) ?? Activation.None,
            LabelSmoothing = gradients is null ? 0 : settings.LabelSmoothing,
        });
        if (trains && !lossScale.IsEmpty) LossScaling.Scale(lossList, memory.Gradient(output), lossScale);
        if (trains) RecordBackward(memory, gradients!);
        return plan;
    }

    private static void RecordBackward(PlanMemory memory, GradientSchedule gradients)
    {
        foreach (var operation in memory.Graph.Operations.Reverse())
        {
            if (!PlanGraph.HasBackward(operation)) continue;
            var output = operation.Output.Value;
            if (gradients.HasSeparateActivationBackward(operation))
            {
                var gradient = memory.Gradient(output);
                ActivationOps.Backward(memory.Executor, operation.Activation, memory.Value(output), gradient, gradient);
            }

            var inputs = operation.Inputs.Select((input, i) => InputGradientOf(memory, gradients, operation, i)).ToArray();
            operation.Backward(new BackwardContext(memory, operation, inputs));
            for (var i = 0; i < inputs.Length; i++)
            {
                if (!gradients.NeedsTemporary(operation, i)) continue;
                var sum = memory.Gradient(operation.Inputs[i].Value);
                ResidualAdd.Forward(memory.Executor, sum, inputs[i].Gradient, sum, Activation.None);
            }
        }
    }

    private static InputGradientPlan InputGradientOf(PlanMemory memory, GradientSchedule gradients, PlanOperation operation, int index)
    {
        var value = operation.Inputs[index].Value;
        if (!value.NeedsGradient) return default;
        var gate = gradients.Gate(value);
        return gradients.NeedsTemporary(operation, index)
            ? new(memory.TemporaryGradient(operation, index), gate, false)
            : new(memory.Gradient(value), gate, gradients.Accumulates(operation, index));
    }
}
