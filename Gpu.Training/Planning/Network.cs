using Gpu.Kernels.Launching;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>A model with parameters on a device.</summary>
public sealed class Network : IDisposable
{
    /// <summary>Allocates and draws the parameters.</summary>
    /// <param name="model">the description</param>
    /// <param name="device">where; it stays open</param>
    /// <param name="seed">decides the initial parameters and dropout</param>
    /// <param name="initialiser">how weights are drawn; null: as each layer says</param>
    public Network(Model model, ComputeDevice device, ulong seed = 1, Initialisation.Initialiser? initialiser = null) => throw new NotImplementedException();

    /// <summary>The description.</summary>
    public Model Model => throw new NotImplementedException();

    /// <summary>Where it runs.</summary>
    public ComputeDevice Device => throw new NotImplementedException();

    /// <summary>Sets a parameter or running statistic by its full name (<c>conv1.weight</c>), in the layout of <see cref="ParameterDeclaration.Shape"/>.</summary>
    /// <exception cref="ModelException">there is none of that name, or the number of values is another</exception>
    public void SetParameter(string name, ReadOnlySpan<float> values) => throw new NotImplementedException();

    /// <summary>The values of a parameter or running statistic.</summary>
    /// <exception cref="ModelException">there is none of that name</exception>
    public float[] GetParameter(string name) => throw new NotImplementedException();

    /// <summary>The gradient of a parameter as the last backward pass left it (the optimizer resets it).</summary>
    /// <exception cref="ModelException">there is none of that name, or it is not trainable</exception>
    public float[] GetGradient(string name) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
