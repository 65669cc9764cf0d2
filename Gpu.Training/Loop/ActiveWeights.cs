using Gpu.Kernels.Devices;
using Gpu.Training.Planning;

namespace Gpu.Training.Loop;

/// <summary>A set of weights of a run.</summary>
internal enum WeightSet
{
    /// <summary>Those that the optimizer updates.</summary>
    Training,

    /// <summary>The exponential moving average of the training weights, with the running statistics of training.</summary>
    Average,

    /// <summary>The slow weights of lookahead, with the running statistics of training.</summary>
    Slow,

    /// <summary>Those with the lowest validation loss, or of the last epoch if there is no validation split.</summary>
    Best,
}

/// <summary>
/// Knows which weights are in the memory of a network, and exchanges them. The training weights can be read at any time, whichever are on the device, so that a
/// checkpoint never contains others.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="average">The moving average of the parameters; empty if there is none.</param>
/// <param name="slow">The slow weights of lookahead; empty if there are none.</param>
internal sealed class ActiveWeights(Network network, DeviceView average, DeviceView slow)
{
    // The training weights while others are on the device.
    private WeightValues? _training;

    /// <summary>The weights on the device.</summary>
    public WeightSet Current { get; private set; }

    /// <summary>
    /// The weights that are evaluated and saved: the average if there is one, else the slow weights of lookahead, as its paper does. Between two of
    /// their updates the training weights are those of the inner optimizer.
    /// </summary>
    public WeightSet Evaluated => !average.IsEmpty ? WeightSet.Average : !slow.IsEmpty ? WeightSet.Slow : WeightSet.Training;

    /// <summary>The best weights; null before the first evaluation.</summary>
    public WeightValues? Best { get; set; }

    /// <summary>Copies the training weights to the host, whichever weights are on the device.</summary>
    public WeightValues DownloadTraining() => Current == WeightSet.Training
        ? WeightValues.Download(network)
        : new WeightValues([.. _training!.Values], [.. _training.Statistics]);

    /// <summary>Copies the weights on the device to the host.</summary>
    public WeightValues DownloadCurrent() => WeightValues.Download(network);

    /// <summary>Replaces the training weights, and puts them on the device.</summary>
    public void ReplaceTraining(WeightValues values)
    {
        Current = WeightSet.Training;
        values.Upload(network);
    }

    /// <summary>Puts a set of weights on the device.</summary>
    public void Use(WeightSet set)
    {
        if (set == Current) return;
        if (Current == WeightSet.Training) _training = WeightValues.Download(network);
        var values = set == WeightSet.Best ? Best ?? throw new InvalidOperationException("there are no best weights yet") : _training!;
        // Until all of them are uploaded, the device holds no set.
        Current = set;
        values.Upload(network);
        var other = set switch { WeightSet.Average => average, WeightSet.Slow => slow, _ => default };
        if (!other.IsEmpty) network.Device.Upload<float>(network.Memory.Download(other), network.Memory.Values);
    }
}
