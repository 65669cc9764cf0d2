using Gpu.Cli.Bench;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;

namespace Gpu.Cli.Checks;

/// <summary>The time of a training step of a built-in network.</summary>
/// <param name="Model">the name of the network</param>
/// <param name="Batch">samples per step</param>
/// <param name="Milliseconds">the median; NaN if the network does not fit the device</param>
/// <param name="Gflops">GFLOP/s in convolution and dense layers</param>
internal sealed record StepRate(string Model, int Batch, double Milliseconds, double Gflops)
{
    /// <summary>Times steps of a network.</summary>
    public static StepRate Measure(ComputeDevice device, string name, double seconds, CancellationToken cancellation)
    {
        var model = ModelFile.Find(name);
        var batch = model.MultiplyAdds > 200_000_000 ? 16 : 128;
        try
        {
            using var step = new SyntheticStep(model, device, batch);
            device.FinishCompilation();
            var median = step.Measure(seconds, 3, 100_000, 3, cancellation).Median;
            return new StepRate(name, batch, 1e3 * median, 6.0 * model.MultiplyAdds * batch / median / 1e9);
        }
        catch (OutOfDeviceMemoryException)
        {
            return new StepRate(name, batch, double.NaN, double.NaN);
        }
    }
}
