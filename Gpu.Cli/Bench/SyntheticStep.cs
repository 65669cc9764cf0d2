using Gpu.Kernels.Devices;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Cli.Bench;

/// <summary>
/// A training step of a network on random inputs. Its labels are drawn anew for each step, so that the network never becomes sure of them: otherwise its
/// gradients would vanish, and a step would do other work than in training. Drawing them is not timed.
/// </summary>
internal sealed class SyntheticStep : IDisposable
{
    private readonly Network _network;
    private readonly BatchLabels _labels;

    /// <summary>Allocates the network and draws the first batch.</summary>
    public SyntheticStep(Model model, ComputeDevice device, int batch, TrainingOptions? options = null)
    {
        _network = new Network(model, device);
        try
        {
            Runner = new StepRunner(_network, batch, options);
        }
        catch
        {
            _network.Dispose();
            throw;
        }

        var random = new Random(1);
        var inputs = new float[batch * (model.Discriminator is null ? model.Input : model.Output).Length];
        for (var i = 0; i < inputs.Length; i++) inputs[i] = random.NextSingle();
        _labels = new BatchLabels(Runner, model, batch, random);
        _labels.SetBatch(inputs);
        _ = Runner.Recorded;
    }

    /// <summary>Runs the steps.</summary>
    public StepRunner Runner { get; }

    /// <summary>The loss of the last step.</summary>
    public float Loss { get; private set; } = float.NaN;

    /// <summary>Times steps with their loss readback; the kernels must be compiled.</summary>
    public Timings Measure(double seconds, int least, int most, int warmup, CancellationToken cancellation) => Timings.Measure(
        _network.Device, Step, seconds, least: least, most: most, warmup: warmup, prepare: _labels.Renew, cancellation: cancellation);

    public void Dispose()
    {
        Runner.Dispose();
        _network.Dispose();
    }

    private void Step()
    {
        Runner.Step();
        Loss = Runner.ReadLoss();
    }
}
