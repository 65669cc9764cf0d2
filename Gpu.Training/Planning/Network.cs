using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>A model whose parameters are in the memory of a device.</summary>
public sealed class Network : IDisposable
{
    /// <summary>Allocates and initializes the parameters.</summary>
    /// <param name="model">the model</param>
    /// <param name="device">the device of the parameters; the caller disposes it, after the network</param>
    /// <param name="seed">the seed of the initial parameters; equal seeds give equal parameters on all devices</param>
    /// <param name="initializer">replaces the weight initializer of all layers; null to use those of the layers</param>
    /// <exception cref="ModelException">the model has no parameters, or more than int.MaxValue</exception>
    /// <exception cref="OutOfDeviceMemoryException">the parameters do not fit the memory of the device</exception>
    public Network(Model model, ComputeDevice device, ulong seed = 1, Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        Model = model;
        Device = device;
        Memory = new ParameterMemory(model, device);
        Initialize(seed, initializer);
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>The device of the parameters.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The device memory of the parameters and their gradients.</summary>
    internal ParameterMemory Memory { get; }

    /// <summary>Sets all parameters and running statistics to their initial values.</summary>
    internal void Initialize(ulong seed, Initializer? initializer)
    {
        foreach (var parameter in Model.Parameters) Memory.Set(parameter.Name, ParameterSampler.Sample(parameter, seed, initializer));
    }

    /// <summary>
    /// Sets a parameter or running statistic by its full name, such as <c>conv1.weight</c>.
    /// </summary>
    /// <param name="name">the full name</param>
    /// <param name="values">the values, in row-major order of <see cref="ParameterDeclaration.Shape"/></param>
    /// <exception cref="ModelException">there is no such parameter, or the number of values is wrong</exception>
    public void SetParameter(string name, ReadOnlySpan<float> values) => Memory.Set(name, values);

    /// <summary>Copies a parameter or running statistic from the device.</summary>
    /// <param name="name">the full name</param>
    /// <returns>the values, in row-major order of <see cref="ParameterDeclaration.Shape"/></returns>
    /// <exception cref="ModelException">there is no such parameter</exception>
    public float[] GetParameter(string name) => Memory.Download(Memory.View(name));

    /// <summary>
    /// Copies the gradient of a parameter from the device: the sum over the backward passes since the last optimizer step, which resets it to 0.
    /// </summary>
    /// <param name="name">the full name</param>
    /// <returns>the gradient, in the layout of the parameter</returns>
    /// <exception cref="ModelException">there is no such parameter, or it is a running statistic</exception>
    public float[] GetGradient(string name) => Memory.Download(Memory.Gradient(name));

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
