using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Losses;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>
/// The plans of a network by mode (training or evaluation) and batch size. All plans share one activation arena, as long as the largest needs. A plan that
/// needs a longer arena reallocates it, which invalidates all plans; <see cref="Reserve"/> avoids that.
/// </summary>
internal sealed class PlanCache : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly ParameterMemory _parameters;
    private readonly PlanSettings _settings;
    private readonly LossFunction _loss;
    private readonly PlanGraph _trainingGraph;
    private readonly PlanGraph _evaluationGraph;
    private readonly GradientSchedule _gradients;
    private readonly DeviceBuffer _state;
    private readonly Dictionary<(bool Training, int Batch), Plan> _plans = [];
    private DeviceBuffer? _arena;
    private DeviceBuffer? _workspace;
    // The cache that owns the folded parameters and the packed weights.
    private readonly PlanCache _owner;
    private readonly PackedWeights? _packed;
    private FoldedParameters? _folded;
    private BatchBuffers? _buffers;

    /// <summary>Allocates the state of the plans.</summary>
    /// <param name="parameters">the parameters of the network</param>
    /// <param name="device">the device</param>
    /// <param name="settings">settings of all plans</param>
    /// <param name="loss">the loss; null for that of the model's recipe</param>
    /// <param name="stepState">the step state of another network that makes the same steps; empty for an own one</param>
    public PlanCache(ParameterMemory parameters, ComputeDevice device, PlanSettings settings, LossFunction? loss = null, DeviceView stepState = default)
    {
        _owner = this;
        if (settings.PackWeights) _packed = new PackedWeights(device);
        _parameters = parameters;
        _device = device;
        _settings = settings;
        var model = parameters.Model;
        _loss = loss ?? LossFunction.Of(model.Recipe.Loss);
        _trainingGraph = PlanBuilder.Build(model, true, settings);
        _evaluationGraph = PlanBuilder.Build(model, false, settings);
        _gradients = new GradientSchedule(_trainingGraph, _loss);
        var metricWords = (int)ArenaLayout.Align(MetricLayout.Words);
        var tableLength = (int)ArenaLayout.Align(StepScheduleUploader.TableLength);
        var (pixelWords, withoutPixels) = (PixelWords(model, _loss), StateWords(model, _loss) - 2 * PixelWords(model, _loss));
        var divergenceAt = withoutPixels - 2 * DivergenceWords(model);
        _state = device.Allocate(StateWords(model, _loss));
        StepTable = _state.View.Slice(StepStateLayout.Words + 2 * metricWords, tableLength);
        if (device.Precision == MatrixPrecision.Fp16)
        {
            if (LatentSampleLayer.IsIn(model))
                throw new TrainingException($"The model '{model.Name}' draws latent values, whose divergence is not scaled for fp16. Use another --precision.");
            LossScale = _state.View.Slice(StepStateLayout.Words + 2 * metricWords + tableLength, LossScaleLayout.Words);
            LossScaling.Reset(device, LossScale);
        }

        StepStateView = stepState.IsEmpty ? _state.View.First(StepStateLayout.Words) : stepState;
        TrainingMetrics = MetricsAt(0);
        EvaluationMetrics = MetricsAt(1);

        PlanMetrics MetricsAt(int index)
        {
            var classes = _loss.Classes(model);
            var pixels = pixelWords == 0 ? default : _state.View.Slice(withoutPixels + index * pixelWords, PixelConfusion.Words(classes));
            var divergence = DivergenceWords(model) == 0 ? default : _state.View.Slice(divergenceAt + index * metricWords, MetricLayout.Words);
            return new PlanMetrics(
                device, _state.View.Slice(StepStateLayout.Words + index * metricWords, MetricLayout.Words), pixels, divergence, classes);
        }
    }

    private PlanCache(PlanCache owner)
        : this(owner._parameters, owner._device, owner._settings, owner._loss) => _owner = owner._owner;

    /// <summary>Words of the state that plans share besides the arena: step state, step table, metrics, loss scale.</summary>
    public static int StateWords(Model model, LossFunction loss) =>
        StepStateLayout.Words + 2 * (int)ArenaLayout.Align(MetricLayout.Words) + (int)ArenaLayout.Align(StepScheduleUploader.TableLength)
        + LossScaleLayout.Words + 2 * DivergenceWords(model) + 2 * PixelWords(model, loss);

    /// <summary>The state of loss scaling; see <see cref="LossScaleLayout"/>. Empty unless the device multiplies matrices in half precision.</summary>
    public DeviceView LossScale { get; }

    /// <summary>The words that change from step to step; see <see cref="StepStateLayout"/>.</summary>
    public DeviceView StepStateView { get; }

    /// <summary>The step states of the next passes; see <see cref="StepTableLayout"/>.</summary>
    public DeviceView StepTable { get; }

    /// <summary>Counters that training plans add to.</summary>
    public PlanMetrics TrainingMetrics { get; }

    /// <summary>Counters that evaluation plans add to.</summary>
    public PlanMetrics EvaluationMetrics { get; }

    /// <summary>The loss of the model.</summary>
    public LossFunction Loss => _loss;

    /// <summary>The training plan for a batch size.</summary>
    public Plan Training(int batch) => Get(true, batch);

    /// <summary>The evaluation plan for a batch size.</summary>
    public Plan Evaluation(int batch) => Get(false, batch);

    /// <summary>The batch size of evaluation plans for predictions: at most the given one; see <see cref="CacheBatch"/>.</summary>
    public int PredictionBatch(int batch) => CacheBatch.Limit(_evaluationGraph, _device, batch);

    /// <summary>
    /// A cache with the same settings and memory of its own, so that its evaluation plans can run at the same time as those of this one. It uses the folded
    /// parameters and packed weights of this cache, so it must be disposed first.
    /// </summary>
    public PlanCache Sibling() => new(this);

    /// <summary>Whether a plan is valid: the memory was not reallocated since it was made.</summary>
    public bool IsCurrent(Plan plan) => _plans.ContainsValue(plan);

    /// <summary>Allocates the memory of the plans for the given batch sizes, and makes the plans. No plan up to these sizes reallocates.</summary>
    public void Reserve(IReadOnlyList<int> training, IReadOnlyList<int> evaluation)
    {
        var layouts = training.Where(batch => batch > 0).Distinct().Select(batch => (true, Layout(true, batch)))
            .Concat(evaluation.Where(batch => batch > 0).Distinct().Select(batch => (false, Layout(false, batch)))).ToArray();
        EnsureCapacity(
            layouts.Max(layout => layout.Item2.Words), layouts.Max(layout => layout.Item2.WorkspaceWords), layouts.Max(layout => layout.Item2.Batch));
        foreach (var (isTraining, layout) in layouts) Get(isTraining, layout.Batch);
    }

    /// <summary>Runs the training pass of a batch, whose input is on the device, operation by operation; see <see cref="Plan.RunObserved"/>.</summary>
    public void RunObserved(Plan plan, PlanObserver observer) => plan.RunObserved(
        Memory(_trainingGraph, plan.Layout), _gradients, _loss, _buffers!, _settings, LossScale, observer);

    public void Dispose()
    {
        _arena?.Dispose();
        _workspace?.Dispose();
        _folded?.Dispose();
        _packed?.Dispose();
        _buffers?.Dispose();
        _state.Dispose();
    }

    private Plan Get(bool training, int batch)
    {
        if (_plans.TryGetValue((training, batch), out var plan)) return plan;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        var graph = training ? _trainingGraph : _evaluationGraph;
        var layout = Layout(training, batch);
        EnsureCapacity(layout.Words, layout.WorkspaceWords, batch);
        return _plans[(training, batch)] = Plan.Record(Memory(graph, layout), training ? _gradients : null, _loss, _buffers!, _settings, LossScale);
    }

    private PlanMemory Memory(PlanGraph graph, PlanLayout layout) => new(
        _device, graph, layout, _parameters, _arena!.View, _workspace!.View, StepStateView,
        _buffers!.Input.First(layout.Batch * graph.Model.Input.Length),
        _buffers!.Divergence.IsEmpty ? default : _buffers.Divergence.First(layout.Batch), _settings.DivergenceFactor(graph.Model))
    {
        Packed = graph.Training ? null : _owner._packed,
        Folded = graph.Training ? null : _owner._folded ??= FoldedParameters.Of(graph, _parameters, _device),
    };

    private PlanLayout Layout(bool training, int batch) =>
        training ? new PlanLayout(_trainingGraph, _gradients, batch) : new PlanLayout(_evaluationGraph, null, batch);

    private void EnsureCapacity(int arena, int workspace, int batch)
    {
        arena = Math.Max(arena, ArenaLayout.Alignment);
        workspace = Math.Max(workspace, ArenaLayout.Alignment);
        if (_arena?.Length >= arena && _workspace?.Length >= workspace && _buffers?.Batch >= batch) return;
        _plans.Clear();
        _arena = Grow(_arena, arena);
        _workspace = Grow(_workspace, workspace);
        if (_buffers?.Batch >= batch) return;
        _buffers?.Dispose();
        _buffers = null;
        _buffers = new BatchBuffers(_parameters.Model, _loss, _device, batch, _settings)
        {
            TrainingMetrics = TrainingMetrics, EvaluationMetrics = EvaluationMetrics,
        };
    }

    private static int DivergenceWords(Model model) => LatentSampleLayer.IsIn(model) ? (int)ArenaLayout.Align(MetricLayout.Words) : 0;

    private static int PixelWords(Model model, LossFunction loss) =>
        loss.HasPixelLabels ? (int)ArenaLayout.Align(PixelConfusion.Words(loss.Classes(model))) : 0;

    private DeviceBuffer Grow(DeviceBuffer? buffer, int words)
    {
        if (buffer?.Length >= words) return buffer;
        buffer?.Dispose();
        return _device.Allocate(words);
    }
}
