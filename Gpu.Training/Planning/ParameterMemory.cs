using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>
/// The device memory of a model's parameters: one buffer for the trainable parameters, one with the same layout for their gradients, and one for the running
/// statistics.
/// </summary>
internal sealed class ParameterMemory : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly DeviceBuffer _values;
    private readonly DeviceBuffer _gradients;
    private readonly DeviceBuffer _statistics;
    private readonly Dictionary<string, ParameterLocation> _locations = new(StringComparer.Ordinal);

    public ParameterMemory(Model model, ComputeDevice device)
    {
        _device = device;
        Model = model;
        (TrainableLayout, var statistics) = Layout(model, (parameter, segment) => _locations.Add(parameter.Name, new ParameterLocation(parameter, segment)));
        if (TrainableLayout.Length == 0)
            throw new ModelException($"The model '{model.Name}' has no parameters: there is nothing to train. Add a dense or convolution layer.");
        _values = device.Allocate(TrainableLayout.Length);
        _gradients = device.Allocate(TrainableLayout.Length);
        _statistics = device.Allocate(Math.Max(ParameterArena.Alignment, statistics.Length));
    }

    /// <summary>Computes the layouts of trainable parameters and running statistics. Allocates nothing.</summary>
    /// <param name="model">the model</param>
    /// <param name="onAdded">called for each parameter with its segment; null for none</param>
    /// <exception cref="ModelException">the model has more than int.MaxValue parameters</exception>
    public static (ParameterArena Trained, ParameterArena Statistics) Layout(Model model, Action<ModelParameter, ParameterSegment>? onAdded = null)
    {
        var (trained, statistics) = (new ParameterArena(), new ParameterArena());
        try
        {
            foreach (var parameter in model.Parameters)
            {
                var segment = (parameter.Trainable ? trained : statistics).Add(parameter.Name, parameter.Length);
                onAdded?.Invoke(parameter, segment);
            }
        }
        catch (OverflowException e)
        {
            throw new ModelException($"The model '{model.Name}' has more than {int.MaxValue:N0} parameters. Make it smaller.", e);
        }

        return (trained, statistics);
    }

    /// <summary>Total words of parameters, gradients and running statistics.</summary>
    public static long WordsFor(Model model)
    {
        var (trained, statistics) = Layout(model);
        return 2L * trained.Length + Math.Max(ParameterArena.Alignment, statistics.Length);
    }

    public Model Model { get; }

    /// <summary>The layout of the trainable parameters.</summary>
    public ParameterArena TrainableLayout { get; }

    /// <summary>All trainable parameters.</summary>
    public DeviceView Values => _values.View;

    /// <summary>All gradients.</summary>
    public DeviceView Gradients => _gradients.View;

    /// <summary>All running statistics.</summary>
    public DeviceView Statistics => _statistics.View;

    public DeviceView View(string name)
    {
        var location = Find(name);
        return location.Segment.In((location.Parameter.Trainable ? _values : _statistics).View);
    }

    public DeviceView Gradient(string name)
    {
        var location = Find(name);
        if (!location.Parameter.Trainable)
            throw new ModelException($"'{name}' is a running statistic of the model '{Model.Name}': it has no gradient.");
        return location.Segment.In(_gradients.View);
    }

    public void Set(string name, ReadOnlySpan<float> values)
    {
        var view = View(name);
        if (values.Length != view.Length)
        {
            var shape = string.Join("x", Find(name).Parameter.Shape);
            throw new ModelException($"The parameter '{name}' of the model '{Model.Name}' has {view.Length} values ({shape}), but {values.Length} were given.");
        }

        _device.Upload(values, view);
    }

    public float[] Download(DeviceView view)
    {
        var values = new float[view.Length];
        _device.Download<float>(view, values);
        return values;
    }

    public void Dispose()
    {
        _values.Dispose();
        _gradients.Dispose();
        _statistics.Dispose();
    }

    private ParameterLocation Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_locations.TryGetValue(name, out var location)) return location;
        var nearest = NearestName.Find(name, _locations.Keys);
        throw new ModelException($"The model '{Model.Name}' has no parameter '{name}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} It "
            + $"has: {string.Join(", ", _locations.Keys)}.");
    }

    private readonly record struct ParameterLocation(ModelParameter Parameter, ParameterSegment Segment);
}
