using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>The optimizer of a network: its state, and the launches that apply the gradients and then zero them.</summary>
internal sealed class ParameterUpdate : IDisposable
{
    private readonly CommandList _commands;
    private readonly SegmentTable _table;
    private readonly DeviceBuffer? _state;
    private readonly DeviceBuffer? _average;
    private readonly DeviceBuffer? _norm;

    public ParameterUpdate(Network network, ResolvedOptions resolved, DeviceView stepState, DeviceView lossScale)
    {
        var (clipNorm, ema) = (resolved.Options.ClipNorm, resolved.Options.Ema);
        var memory = network.Memory;
        var device = network.Device;
        var settings = resolved.Optimizer.Settings(ema);
        var decays = network.Model.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Declaration.Decays);
        var arena = new ParameterArena();
        foreach (var segment in memory.TrainableLayout.Segments)
            arena.Add(segment.Name, segment.Length, Factors(resolved, segment.Name, decays[segment.Name]));
        _table = new SegmentTable(device, arena);
        var stateLength = settings.StateLength(arena.Length);
        if (stateLength > 0) _state = device.Allocate(stateLength);
        if (ema is not null)
        {
            _average = device.Allocate(arena.Length);
            var start = new float[arena.Length];
            device.Download<float>(memory.Values, start);
            device.Upload<float>(start, _average.View);
        }

        _commands = new CommandList(device);
        var norm = default(DeviceView);
        var workspace = default(DeviceView);
        if (clipNorm is not null || !lossScale.IsEmpty)
        {
            _norm = device.Allocate(GradientNormLayout.Words + GradientNorm.WorkspaceLength(arena.Length));
            norm = _norm.View.First(GradientNormLayout.Words);
            workspace = _norm.View.Slice(norm.Length, _norm.Length - norm.Length);
        }

        // Unscale first: clipping needs the norm of the unscaled gradients.
        if (!lossScale.IsEmpty) LossScaling.Update(_commands, memory.Gradients, stepState, lossScale, norm, workspace);
        if (clipNorm is { } largest) GradientNorm.Run(_commands, memory.Gradients, stepState, largest, norm, workspace);
        FusedOptimizer.Update(
            _commands, settings, _table, memory.Values, memory.Gradients, State, stepState, clipNorm is null ? default : norm, Average);
    }

    // A factor of 0 freezes a segment; then decay does not apply either.
    private static SegmentFactors Factors(ResolvedOptions resolved, string name, bool decays) => resolved.Selection.Frozen.Contains(name)
        ? new SegmentFactors { LearningRate = 0 }
        : resolved.Optimizer.Factors(decays) with { LearningRate = resolved.Selection.Factors.GetValueOrDefault(name, 1f) };

    /// <summary>Words of device memory that the optimizer needs besides parameters and gradients.</summary>
    public static long WordsFor(ParameterArena trained, OptimizerOptions options, bool scalesLoss, float? clipNorm, float? ema)
    {
        var norm = clipNorm is null && !scalesLoss ? 0 : GradientNormLayout.Words + GradientNorm.WorkspaceLength(trained.Length);
        return (long)SegmentTable.WordsFor(trained) + options.Settings(ema).StateLength(trained.Length) + (ema is null ? 0 : trained.Length) + norm;
    }

    /// <summary>Optimizer state; empty for plain SGD.</summary>
    public DeviceView State => _state?.View ?? default;

    /// <summary>Exponential moving average of the parameters; empty if not enabled.</summary>
    public DeviceView Average => _average?.View ?? default;

    /// <summary>The launches that apply the gradients and then zero them.</summary>
    public CommandList Commands => _commands;

    public void Dispose()
    {
        _table.Dispose();
        _state?.Dispose();
        _average?.Dispose();
        _norm?.Dispose();
    }
}
