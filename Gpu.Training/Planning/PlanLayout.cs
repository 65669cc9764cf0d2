using Gpu.Kernels;

namespace Gpu.Training.Planning;

/// <summary>
/// The layout of a graph's values, gradients and saved values in the activation arena, for one batch size. Lifetimes are in time steps: with N operations,
/// operation i runs forward at time i and backward at time 2 N - i; the loss runs at time N.
/// </summary>
internal sealed class PlanLayout
{
    private readonly PlanGraph _graph;
    private readonly GradientSchedule? _gradients;
    private readonly Dictionary<PlanValue, ArenaBlock> _values = [];
    private readonly Dictionary<PlanValue, ArenaBlock> _valueGradients = [];
    private readonly Dictionary<PlanOperation, ArenaBlock> _saved = [];
    private readonly Dictionary<(PlanOperation, int), ArenaBlock> _temporaries = [];

    public PlanLayout(PlanGraph graph, GradientSchedule? gradients, int batch)
    {
        _graph = graph;
        _gradients = gradients;
        Batch = batch;
        AddValueBlocks();
        ExtendForForward();
        if (gradients is not null)
        {
            AddGradientBlocks();
            // Read after the pass.
            if (graph.Input.NeedsGradient) GradientOf(graph.Input).ExtendLifetime(BackwardTime(0));
            ExtendForBackward();
        }

        Words = ArenaLayout.AssignOffsets([.. _values.Values.Concat(_valueGradients.Values).Distinct(), .. _saved.Values, .. _temporaries.Values]);
        WorkspaceWords = graph.Operations.Max(operation => operation.WorkspaceLength(batch, gradients is not null));
    }

    public int Batch { get; }

    /// <summary>Length of the arena in words.</summary>
    public int Words { get; }

    /// <summary>Length of the workspace in words. The workspace is not part of the arena.</summary>
    public int WorkspaceWords { get; }

    /// <summary>Words that all values and gradients would need without memory sharing.</summary>
    public long WordsWithoutSharing => _values.Keys.Concat(_valueGradients.Keys).Sum(value => ArenaLayout.Align((long)value.Length * Batch));

    public ArenaBlock Value(PlanValue value) => _values[value];

    public ArenaBlock Gradient(PlanValue value) => _valueGradients[value];

    public ArenaBlock? Saved(PlanOperation operation) => _saved.GetValueOrDefault(operation);

    public ArenaBlock TemporaryGradient(PlanOperation operation, int input) => _temporaries[(operation, input)];

    private ArenaBlock NewBlock(PlanValue value) => new(value.Name, (long)value.Length * Batch);

    private int BackwardTime(int operation) => 2 * _graph.Operations.Count - operation;

    private void AddValueBlocks()
    {
        foreach (var operation in _graph.Operations)
        {
            var output = operation.Output.Value;
            _values[output] = RunsInPlace(operation) ? _values[operation.Inputs[0].Value] : NewBlock(output);
        }
    }

    private bool RunsInPlace(PlanOperation operation)
    {
        var input = operation.Inputs[0].Value;
        if (!operation.CanRunInPlace || input.Producer is not { } producer || input.HasAnnouncedConsumer || input.Consumers.Count != 1) return false;
        if (input.Length != operation.Output.Value.Length) return false;
        return _gradients is null || WhatBackwardReads(input) switch
        {
            BackwardRead.Nothing => true,
            BackwardRead.Sign => operation.InPlaceKeepsSign,
            _ => false,
        };
    }

    // What the backward pass reads in the block of a value: of the value itself, and of the earlier ones that it overwrote.
    private BackwardRead WhatBackwardReads(PlanValue value)
    {
        var producer = value.Producer!;
        if (producer.BackwardReadsOutput) return BackwardRead.Value;
        if (!producer.AppliesActivationDerivative && producer.Activation.Kind != ActivationKind.Identity)
        {
            return producer.Activation.DerivativeFromSign ? BackwardRead.Sign : BackwardRead.Value;
        }

        var overwritten = producer.Inputs[0].Value;
        return overwritten.Producer is not null && _values[overwritten] == _values[value] ? WhatBackwardReads(overwritten) : BackwardRead.Nothing;
    }

    private enum BackwardRead
    {
        Nothing,
        Sign,
        Value,
    }

    private void ExtendForForward()
    {
        for (var i = 0; i < _graph.Operations.Count; i++)
        {
            var operation = _graph.Operations[i];
            _values[operation.Output.Value].ExtendLifetime(i);
            foreach (var input in operation.Inputs)
                if (_values.TryGetValue(input.Value, out var inputBlock)) inputBlock.ExtendLifetime(i);
        }

        // The output of the model stays valid to the end, so that it can be read after a step.
        if (_values.TryGetValue(_graph.Output.Value, out var block)) block.ExtendLifetime(BackwardTime(0));
    }

    private void AddGradientBlocks()
    {
        var operations = _graph.Operations;
        for (var i = operations.Count - 1; i >= 0; i--)
        {
            var operation = operations[i];
            if (!PlanGraph.HasBackward(operation)) continue;
            var output = operation.Output.Value;
            var gradient = GradientOf(output);
            gradient.ExtendLifetime(BackwardTime(i));
            if (output == _graph.Output.Value) gradient.ExtendLifetime(operations.Count);
            for (var k = 0; k < operation.Inputs.Count; k++)
            {
                var input = operation.Inputs[k].Value;
                if (!input.NeedsGradient) continue;
                if (k == 0 && operation.CanRunBackwardInPlace && input.Consumers.Count == 1 && input.Length == output.Length) _valueGradients[input] = gradient;
                GradientOf(input).ExtendLifetime(BackwardTime(i));
                if (_gradients!.NeedsTemporary(operation, k))
                {
                    var temporary = _temporaries[(operation, k)] = NewBlock(input);
                    temporary.ExtendLifetime(BackwardTime(i));
                }
            }
        }
    }

    private ArenaBlock GradientOf(PlanValue value)
    {
        if (!_valueGradients.TryGetValue(value, out var block)) block = _valueGradients[value] = NewBlock(value);
        return block;
    }

    private void ExtendForBackward()
    {
        for (var i = 0; i < _graph.Operations.Count; i++)
        {
            var operation = _graph.Operations[i];
            if (!PlanGraph.HasBackward(operation)) continue;
            var time = BackwardTime(i);
            if (operation.BackwardReadsOutput || _gradients!.HasSeparateActivationBackward(operation)) _values[operation.Output.Value].ExtendLifetime(time);
            foreach (var input in operation.Inputs)
            {
                var gated = _gradients!.Gate(input.Value).Kind != ActivationKind.Identity;
                if ((operation.BackwardReadsInputs || gated) && _values.TryGetValue(input.Value, out var block)) block.ExtendLifetime(time);
            }

            if (operation.SavedLength == 0) continue;
            var saved = _saved[operation] = new ArenaBlock(operation.Name, operation.SavedLength);
            saved.ExtendLifetime(i);
            saved.ExtendLifetime(time);
        }
    }
}
