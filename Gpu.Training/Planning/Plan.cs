using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Losses;

namespace Gpu.Training.Planning;

/// <summary>
/// A model compiled for one batch size, for training or evaluation: kernel launches over a fixed memory layout. Running it allocates nothing. A
/// <see cref="PlanCache"/> makes it; it is valid until the cache makes a plan that needs more memory.
/// </summary>
internal sealed class Plan
{
    private readonly CommandList _mainCommands;
    private readonly CommandList _lossCommands;

    private Plan(PlanMemory memory, BatchBuffers buffers, CommandList mainCommands, CommandList lossCommands)
    {
        _mainCommands = mainCommands;
        _lossCommands = lossCommands;
        Batch = memory.Batch;
        Layout = memory.Layout;
        Input = memory.Input;
        Samples = buffers.Samples.IsEmpty ? Input : buffers.Samples.First(buffers.Samples.Length / buffers.Batch * Batch);
        InputGradient = memory.Graph.Input.NeedsGradient ? memory.Gradient(memory.Graph.Input) : default;
        Output = memory.Value(memory.Graph.Output.Value);
        Labels = buffers.Labels.First(Batch * Math.Max(1, buffers.LabelsPerSample));
        SecondLabels = buffers.SecondLabels.IsEmpty ? default : buffers.SecondLabels.First(Batch);
        LabelWeights = buffers.LabelWeights.IsEmpty ? default : buffers.LabelWeights.First(Batch);
        Targets = buffers.TargetsInput ? Input : buffers.Targets.IsEmpty ? default : buffers.Targets.First(Output.Length);
        SampleLosses = buffers.SampleLosses.First(Batch);
    }

    /// <summary>Samples in the batch.</summary>
    public int Batch { get; }

    /// <summary>The layout of the activation arena.</summary>
    public PlanLayout Layout { get; }

    /// <summary>[batch, input length]; to be filled before a run.</summary>
    public DeviceView Input { get; }

    /// <summary>The samples of the batch; to be filled before a run. The input, unless the model is a generator, which fills its input with noise.</summary>
    public DeviceView Samples { get; }

    /// <summary>[batch, input length]; valid after a run of a training plan with <see cref="PlanSettings.InputNeedsGradient"/>; otherwise empty.</summary>
    public DeviceView InputGradient { get; }

    /// <summary>[batch] or [batch, pixels] integers; to be filled before a run with a loss that uses labels.</summary>
    public DeviceView Labels { get; }

    /// <summary>[batch] integers; to be filled before a run of a training plan that mixes samples; otherwise empty.</summary>
    public DeviceView SecondLabels { get; }

    /// <summary>[batch], the weights of <see cref="Labels"/>; to be filled before a run of a training plan that mixes samples; otherwise empty.</summary>
    public DeviceView LabelWeights { get; }

    /// <summary>[batch, output length]; to be filled before a run with a loss that uses targets; the input of an autoencoder; otherwise empty.</summary>
    public DeviceView Targets { get; }

    /// <summary>[batch, output length]; valid after a run.</summary>
    public DeviceView Output { get; }

    /// <summary>[batch]; valid after a run with a loss.</summary>
    public DeviceView SampleLosses { get; }

    /// <summary>
    /// Appends the launches to a command list. Training plan: forward, loss and metrics, backward, which adds to the parameter gradients. Evaluation plan:
    /// forward, loss and metrics.
    /// </summary>
    public void AppendTo(CommandList list)
    {
        list.Append(_mainCommands);
        list.Append(_lossCommands);
    }

    /// <summary>Runs the launches of <see cref="AppendTo"/>.</summary>
    public void Run()
    {
        _mainCommands.Run();
        _lossCommands.Run();
    }

    /// <summary>Runs the forward pass of an evaluation plan, without loss and metrics.</summary>
    public void RunForward() => _mainCommands.Run();

    /// <summary>Runs the loss and metrics of an evaluation plan on <see cref="Output"/>.</summary>
    public void RunLoss() => _lossCommands.Run();

    /// <summary>Records the launches of a plan.</summary>
    /// <param name="memory">the graph and its memory</param>
    /// <param name="gradients">how the backward pass runs; null for an evaluation plan</param>
    /// <param name="loss">the loss</param>
    /// <param name="buffers">input and loss of the batch</param>
    /// <param name="settings">top-k and label smoothing</param>
    /// <param name="lossScale">the factor of the loss gradient; empty for none</param>
    public static Plan Record(
        PlanMemory memory, GradientSchedule? gradients, LossFunction loss, BatchBuffers buffers, PlanSettings settings, DeviceView lossScale)
    {
        var mainCommands = new CommandList(memory.Executor.Device);
        var lossCommands = new CommandList(memory.Executor.Device);
        var plan = new Plan(memory, buffers, mainCommands, lossCommands);
        // A training plan computes the loss between forward and backward. An evaluation plan computes it last, so that RunForward can omit it.
        var lossExecutor = gradients is null ? lossCommands : mainCommands;
        plan.Execute(memory with { Executor = mainCommands }, lossExecutor, gradients, loss, buffers, settings, lossScale, null);
        return plan;
    }

    /// <summary>Runs a training plan operation by operation, and tells an observer after each.</summary>
    /// <param name="memory">the memory that the plan was recorded with, whose executor is the device</param>
    /// <param name="gradients">how the backward pass runs</param>
    /// <param name="loss">the loss</param>
    /// <param name="buffers">input and loss of the batch</param>
    /// <param name="settings">top-k and label smoothing</param>
    /// <param name="lossScale">the factor of the loss gradient; empty for none</param>
    /// <param name="observer">called after each operation; ends the run by returning false</param>
    public void RunObserved(
        PlanMemory memory, GradientSchedule gradients, LossFunction loss, BatchBuffers buffers, PlanSettings settings, DeviceView lossScale,
        PlanObserver observer) => Execute(memory, memory.Executor, gradients, loss, buffers, settings, lossScale, observer);

    private void Execute(
        PlanMemory memory, IExecutor lossExecutor, GradientSchedule? gradients, LossFunction loss, BatchBuffers buffers, PlanSettings settings,
        DeviceView lossScale, PlanObserver? observer)
    {
        if (gradients is not null) loss.RecordInput(memory.Executor, memory.Input, Labels, memory.StepState, settings.Seed);
        foreach (var operation in memory.Graph.Operations)
        {
            var context = new ForwardContext(memory, operation);
            operation.Forward(context);
            if (observer?.Invoke(operation.Name, PlanPass.Forward, context.Output) == false) return;
        }

        var output = memory.Graph.Output.Value;
        var trains = gradients is not null && output.NeedsGradient;
        var metrics = gradients is null ? buffers.EvaluationMetrics : buffers.TrainingMetrics;
        loss.Record(lossExecutor, new LossArguments
        {
            Batch = Batch,
            Outputs = output.Length,
            Output = Output,
            Labels = Labels,
            SecondLabels = gradients is null ? default : SecondLabels,
            LabelWeights = gradients is null ? default : LabelWeights,
            Samples = Samples,
            Targets = Targets,
            Gradient = trains ? memory.Gradient(output) : default,
            SampleLosses = SampleLosses,
            Classes = buffers.Classes,
            Metrics = metrics.Totals,
            PixelCounts = metrics.Pixels,
            Workspace = buffers.Workspace,
            TopK = settings.TopK,
            BinaryThreshold = settings.BinaryThreshold,
            Gate = gradients?.Gate(output) ?? Activation.None,
            LabelSmoothing = gradients is null ? 0 : settings.LabelSmoothing,
            Divergence = memory.Divergence,
            DivergenceFactor = memory.DivergenceScale,
            DivergenceMetrics = metrics.Divergence,
            ClassWeights = gradients is null ? default : buffers.ClassWeights,
        });
        if (observer?.Invoke("", PlanPass.Loss, SampleLosses) == false) return;
        if (trains && !lossScale.IsEmpty) LossScaling.Scale(lossExecutor, memory.Gradient(output), lossScale);
        if (trains) RunBackward(memory, gradients!, observer);
    }

    private static void RunBackward(PlanMemory memory, GradientSchedule gradients, PlanObserver? observer)
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

            if (observer is null) continue;
            foreach (var view in inputs.Select(input => input.Gradient).Append(memory.Parameters.Gradients))
                if (!view.IsEmpty && !observer(operation.Name, PlanPass.Backward, view)) return;
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

/// <summary>A part of a training pass.</summary>
internal enum PlanPass
{
    /// <summary>Outputs of the layers.</summary>
    Forward,

    /// <summary>Losses of the samples.</summary>
    Loss,

    /// <summary>Gradients.</summary>
    Backward,
}

/// <summary>Sees what an operation of a plan wrote.</summary>
/// <param name="layer">the full name of the layer; empty for the loss</param>
/// <param name="pass">the part of the pass</param>
/// <param name="written">the output, the losses or a gradient</param>
/// <returns>whether the pass goes on</returns>
internal delegate bool PlanObserver(string layer, PlanPass pass, DeviceView written);
