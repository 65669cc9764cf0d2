using Gpu.Kernels.Launching;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>
/// The parameters of a model in one stretch of device memory, their gradients in another of the same layout, the running statistics in a third.
/// Every parameter begins at a multiple of <see cref="ArenaLayout.Alignment"/> words; the words between are 0 and stay so.
/// </summary>
internal sealed class ParameterArena : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly DeviceBuffer _values;
    private readonly DeviceBuffer _gradients;
    private readonly DeviceBuffer _statistics;
    private readonly Dictionary<string, ParameterPlace> _places = new(StringComparer.Ordinal);

    public ParameterArena(Model model, ComputeDevice device)
    {
        _device = device;
        long trainable = 0, statistics = 0;
        foreach (var parameter in model.Parameters)
        {
            ref var end = ref parameter.Trainable ? ref trainable : ref statistics;
            _places.Add(parameter.Name, new ParameterPlace(parameter, (int)end));
            end = ArenaLayout.Align(end + parameter.Length);
            if (end > int.MaxValue) throw new ModelException($"The model '{model.Name}' has more than {int.MaxValue:N0} parameters. Make it smaller.");
        }

        Model = model;
        _values = device.Allocate(Math.Max(ArenaLayout.Alignment, (int)trainable));
        _gradients = device.Allocate(_values.Length);
        _statistics = device.Allocate(Math.Max(ArenaLayout.Alignment, (int)statistics));
    }

    public Model Model { get; }

    /// <summary>All parameters.</summary>
    public DeviceView Values => _values.View;

    /// <summary>All gradients.</summary>
    public DeviceView Gradients => _gradients.View;

    /// <summary>All running statistics.</summary>
    public DeviceView Statistics => _statistics.View;

    /// <summary>The trainable parameters with the words they begin at, in that order.</summary>
    public IEnumerable<ParameterPlace> Trainable => Model.Parameters.Where(parameter => parameter.Trainable).Select(parameter => _places[parameter.Name]);

    public DeviceView View(string name)
    {
        var place = Find(name);
        return (place.Parameter.Trainable ? _values : _statistics).View.Slice(place.Offset, place.Parameter.Length);
    }

    public DeviceView Gradient(string name)
    {
        var place = Find(name);
        if (!place.Parameter.Trainable) throw new ModelException($"'{name}' is a running statistic of the model '{Model.Name}': it has no gradient.");
        return _gradients.View.Slice(place.Offset, place.Parameter.Length);
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

    public float[] Get(string name) => Download(View(name));

    public float[] GetGradient(string name) => Download(Gradient(name));

    public void Dispose()
    {
        _values.Dispose();
        _gradients.Dispose();
        _statistics.Dispose();
    }

    private float[] Download(DeviceView view)
    {
        var values = new float[view.Length];
        _device.Download<float>(view, values);
        return values;
    }

    private ParameterPlace Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_places.TryGetValue(name, out var place)) return place;
        var nearest = NearestName.Find(name, _places.Keys);
        throw new ModelException($"The model '{Model.Name}' has no parameter '{name}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} It has: {string.Join(", ", _places.Keys)}.");
    }
}

/// <summary>A parameter and the word of its arena that it begins at.</summary>
internal readonly record struct ParameterPlace(ModelParameter Parameter, int Offset);
