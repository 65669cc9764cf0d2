using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>A model with parameters on a device.</summary>
public sealed class Network : IDisposable
{
    /// <summary>Allocates and draws the parameters.</summary>
    /// <param name="model">the description</param>
    /// <param name="device">where; it stays open</param>
    /// <param name="seed">decides the initial parameters</param>
    /// <param name="initializer">how weights are drawn; null: as each layer says</param>
    /// <exception cref="ModelException">the model has no parameters, or too many</exception>
    /// <exception cref="OutOfDeviceMemoryException">the device has too little memory</exception>
    public Network(Model model, ComputeDevice device, ulong seed = 1, Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        Model = model;
        Device = device;
        Memory = new ParameterMemory(model, device);
        foreach (var parameter in model.Parameters) Memory.Set(parameter.Name, ParameterSampler.Sample(parameter, seed, initializer));
    }

    /// <summary>The description.</summary>
    public Model Model { get; }

    /// <summary>Where it runs.</summary>
    public ComputeDevice Device { get; }

    /// <summary>Where the parameters lie.</summary>
    internal ParameterMemory Memory { get; }

    /// <summary>
    /// Sets a parameter or running statistic by its full name (<c>conv1.weight</c>), in the layout of <see cref="ParameterDeclaration.Shape"/>.
    /// </summary>
    /// <exception cref="ModelException">there is none of that name, or the number of values is another</exception>
    public void SetParameter(string name, ReadOnlySpan<float> values) => Memory.Set(name, values);

    /// <summary>The values of a parameter or running statistic.</summary>
    /// <exception cref="ModelException">there is none of that name</exception>
    public float[] GetParameter(string name) => Memory.Download(Memory.View(name));

    /// <summary>The gradient of a parameter as the last backward pass left it (the optimizer resets it).</summary>
    /// <exception cref="ModelException">there is none of that name, or it is not trainable</exception>
    public float[] GetGradient(string name) => Memory.Download(Memory.Gradient(name));

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
