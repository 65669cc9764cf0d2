using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>
/// The optimizer of a network: its state, and the launches that apply the gradients and then zero them. What projects the parameters (soft threshold, largest
/// norms) follows the optimizer's own launch, and then the moving average needs a launch of its own, too.
/// </summary>
internal sealed class ParameterUpdate : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly CommandList _commands;
    private readonly ParameterArena _arena = new();
    private readonly ParameterRule[] _rules;
    private readonly PenaltyKind _kind;
    private readonly ulong _seed;
    private readonly ParameterMemory _memory;
    private readonly SegmentTable _table;
    private readonly DeviceBuffer? _state;
    private readonly DeviceBuffer? _average;
    private readonly DeviceBuffer? _slow;
    private readonly DeviceBuffer? _norm;
    private readonly DeviceBuffer? _singularVectors;
    private readonly DeviceBuffer? _spectralWorkspace;

    /// <summary>Allocates the state of the optimizer, and records its launches.</summary>
    /// <param name="network">the network</param>
    /// <param name="resolved">the options</param>
    /// <param name="stepState">the step state of the plans</param>
    /// <param name="lossScale">the loss scale; empty if there is none</param>
    /// <param name="totalSteps">optimizer steps of the run, in which a falling rate of lookahead falls; 0 if there is no end</param>
    public ParameterUpdate(Network network, ResolvedOptions resolved, DeviceView stepState, DeviceView lossScale, long totalSteps = 0)
    {
        var (clipNorm, ema) = (resolved.Options.ClipNorm, resolved.Options.Ema);
        var memory = _memory = network.Memory;
        _device = network.Device;
        var rules = resolved.Rules;
        // The average follows what changes the parameters after the optimizer's own launch.
        var changesLater = rules.HasProjections || resolved.Options.Lookahead is not null;
        var settings = resolved.Optimizer.Settings(changesLater ? null : ema);
        foreach (var segment in memory.TrainableLayout.Segments) _arena.Add(segment.Name, segment.Length, rules.Rules[segment.Name].Factors);
        _rules = [.. _arena.Segments.Select(segment => rules.Rules[segment.Name])];
        (_kind, _seed) = (rules.Kind, resolved.Options.Seed);
        _table = new SegmentTable(_device, _arena);
        var stateLength = settings.StateLength(_arena.Length);
        if (stateLength > 0) _state = _device.Allocate(stateLength);
        if (ema is not null)
        {
            _average = _device.Allocate(_arena.Length);
            ResetAverage();
        }

        if (resolved.Options.Lookahead is not null)
        {
            _slow = _device.Allocate(_arena.Length);
            ResetSlow();
        }

        var (vectors, workspaceLength) = SpectralLengths(_rules);
        if (vectors > 0) (_singularVectors, _spectralWorkspace) = (_device.Allocate(vectors), _device.Allocate(workspaceLength));
        ResetSingularVectors();
        Measurement = new ParameterMeasurement(network, _table, _arena, _rules, resolved.Options.Statistics);
        _commands = new CommandList(_device);
        var norm = default(DeviceView);
        var workspace = default(DeviceView);
        if (clipNorm is not null || !lossScale.IsEmpty)
        {
            _norm = _device.Allocate(GradientNormLayout.Words + GradientNorm.WorkspaceLength(_arena.Length));
            norm = _norm.View.First(GradientNormLayout.Words);
            workspace = _norm.View.Slice(norm.Length, _norm.Length - norm.Length);
        }

        // Unscale first: clipping needs the norm of the unscaled gradients.
        if (!lossScale.IsEmpty) LossScaling.Update(_commands, memory.Gradients, stepState, lossScale, norm, workspace);
        if (resolved.Options.ClipValue is { } limit) GradientClip.Value(_commands, memory.Gradients, stepState, limit);
        if (clipNorm is { } largest) GradientNorm.Run(_commands, memory.Gradients, stepState, largest, norm, workspace);
        FusedOptimizer.Update(
            _commands, settings, _table, memory.Values, memory.Gradients, State, stepState, clipNorm is null ? default : norm,
            changesLater ? default : Average);
        if (!changesLater) return;
        RecordProjections(memory.Values, stepState);
        if (resolved.Options.Lookahead is { } lookahead)
            Lookahead.Update(_commands, lookahead.Period, lookahead.Rate, _table, memory.Values, Slow, stepState, lookahead.Falls ? totalSteps : 0);
        if (ema is { } decay) WeightAverage.Update(_commands, decay, _table, memory.Values, Average, stepState);
    }

    /// <summary>Words of device memory that the optimizer needs besides parameters and gradients.</summary>
    public static long WordsFor(Model model, ParameterArena trained, ResolvedOptions resolved, bool scalesLoss)
    {
        var (clipNorm, ema) = (resolved.Options.ClipNorm, resolved.Options.Ema);
        var norm = clipNorm is null && !scalesLoss ? 0 : GradientNormLayout.Words + GradientNorm.WorkspaceLength(trained.Length);
        var (vectors, workspace) = SpectralLengths(model.Parameters.Where(parameter => parameter.Trainable)
            .Select(parameter => resolved.Rules.Rules[parameter.Name]));
        var table = (long)SegmentTable.WordsFor(trained) + ParameterMeasurement.WordsFor(trained, resolved.Options.Statistics);
        return table + resolved.Optimizer.Settings(ema).StateLength(trained.Length) + (ema is null ? 0 : trained.Length) + norm + vectors + workspace
            + (resolved.Options.Lookahead is null ? 0 : trained.Length);
    }

    /// <summary>Optimizer state; empty for plain SGD.</summary>
    public DeviceView State => _state?.View ?? default;

    /// <summary>The stored vectors of the spectral norm; empty if it is not limited.</summary>
    public DeviceView SingularVectors => _singularVectors?.View ?? default;

    /// <summary>Exponential moving average of the parameters; empty if not enabled.</summary>
    public DeviceView Average => _average?.View ?? default;

    /// <summary>Measures the parameters.</summary>
    public ParameterMeasurement Measurement { get; }

    /// <summary>The launches that apply the gradients and then zero them.</summary>
    public CommandList Commands => _commands;

    /// <summary>Sets the average, if there is one, to the current parameters.</summary>
    public void ResetAverage()
    {
        if (_average is not null) _device.Upload<float>(_memory.Download(_memory.Values), _average.View);
    }

    /// <summary>The slow copy of lookahead; empty if not enabled.</summary>
    public DeviceView Slow => _slow?.View ?? default;

    /// <summary>Sets the slow copy, if there is one, to the current parameters.</summary>
    public void ResetSlow()
    {
        if (_slow is not null) _device.Upload<float>(_memory.Download(_memory.Values), _slow.View);
    }

    /// <summary>Computes the penalty of the current parameters on the device. Waits until the device has finished.</summary>
    public WeightPenalty MeasurePenalty()
    {
        var sums = Measurement.Measure();
        double penalty = 0;
        long zeros = 0, weights = 0;
        for (var s = 0; s < sums.Length; s++)
        {
            penalty += _rules[s].Penalty * sums[s].Squares + _rules[s].L1 * sums[s].Absolutes;
            if (!_rules[s].IsWeight) continue;
            (zeros, weights) = (zeros + sums[s].Zeros, weights + _arena.Segments[s].Length);
        }

        return new WeightPenalty(penalty, _kind, weights == 0 ? 0 : (double)zeros / weights);
    }

    /// <summary>Replaces the factors of the parameters, and what follows from them. Recorded launches use them from their next run on.</summary>
    /// <param name="rules">Rules that differ from those before in their numbers alone.</param>
    public void SetRules(ParameterRules rules)
    {
        for (var s = 0; s < _rules.Length; s++) _rules[s] = rules.Rules[_arena.Segments[s].Name];
        _table.SetFactors(_device, [.. _rules.Select(rule => rule.Factors)]);
    }

    /// <summary>
    /// How fast the decay of each segment grows with the weight decay of the optimizer, for a learning rate of 1; 0 for segments with a decay of their own.
    /// </summary>
    public double[] DecaySlopes(ResolvedOptions resolved)
    {
        var decay = resolved.Optimizer.WeightDecay;
        var (half, whole) = (resolved.RulesFor(decay / 2), resolved.RulesFor(decay));
        return [.. _arena.Segments.Select(segment => 2 * (Shrinkage(whole.Rules[segment.Name]) - Shrinkage(half.Rules[segment.Name])) / decay)];

        double Shrinkage(ParameterRule rule) => rule.Factors.LearningRate * ((double)rule.Factors.CoupledDecay + rule.Factors.DecoupledDecay)
            + rule.Factors.ConstantDecay / (double)resolved.Optimizer.LearningRate;
    }

    /// <summary>Sets the stored vectors of the spectral norm to those of the start of a run.</summary>
    public void ResetSingularVectors()
    {
        if (_singularVectors is null) return;
        var random = new PortableRandom(NamedSeed.Of(_seed, "spectral-norm"));
        var vectors = new float[_singularVectors.Length];
        for (var i = 0; i < vectors.Length; i++) vectors[i] = (float)random.NextApproximateNormal();
        _device.Upload<float>(vectors, _singularVectors.View);
    }

    public void Dispose()
    {
        _table.Dispose();
        _state?.Dispose();
        _average?.Dispose();
        _slow?.Dispose();
        _norm?.Dispose();
        _singularVectors?.Dispose();
        _spectralWorkspace?.Dispose();
        Measurement.Dispose();
    }

    private static (int Vectors, int Workspace) SpectralLengths(IEnumerable<ParameterRule> rules)
    {
        var (vectors, workspace) = (0, 0);
        foreach (var constraint in rules.Select(rule => rule.Constraint).Where(constraint => constraint?.SpectralNorm > 0))
        {
            vectors = checked(vectors + WeightConstraints.SpectralStateLength(constraint!.Rows));
            workspace = Math.Max(workspace, WeightConstraints.SpectralWorkspaceLength(constraint.Rows, constraint.Columns));
        }

        return (vectors, workspace);
    }

    private void RecordProjections(DeviceView values, DeviceView stepState)
    {
        if (_rules.Any(rule => rule.Factors.L1Threshold > 0)) SoftThreshold.Run(_commands, _table, values, stepState);
        var from = 0;
        for (var s = 0; s < _rules.Length; s++)
        {
            if (_rules[s].Constraint is not { } constraint) continue;
            var weights = _arena.Segments[s].In(values);
            var (rows, columns) = (constraint.Rows, constraint.Columns);
            if (constraint.MaxNorm > 0) WeightConstraints.MaxNorm(_commands, rows, columns, weights, constraint.MaxNorm);
            if (constraint.SpectralNorm <= 0) continue;
            var vector = SingularVectors.Slice(from, WeightConstraints.SpectralStateLength(rows));
            WeightConstraints.SpectralNorm(_commands, rows, columns, weights, constraint.SpectralNorm, vector, _spectralWorkspace!.View);
            from += vector.Length;
        }
    }
}
