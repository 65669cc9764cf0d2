using Gpu.Kernels.Devices;

namespace Gpu.Training.Planning;

/// <summary>
/// Runs the forward pass on any number of samples. On the CPU the samples are divided into batches whose values stay in the caches (<see cref="CacheBatch"/>),
/// and each thread takes whole batches with a plan and memory of its own; a few samples share all threads. The division does not depend on the number of
/// threads, so neither do the bits of the outputs.
/// </summary>
internal sealed class PredictionPlans : IDisposable
{
    // Batches that a thread takes between two calls of the receiver.
    private const int BatchesPerThread = 8;

    private readonly ParameterMemory _parameters;
    private readonly ComputeDevice _device;

    // The first shares its weights with those of the other threads.
    private readonly List<PlanCache> _caches = [];
    private int _mostCaches;
    private float[] _outputs = [];

    /// <summary>Makes the plan of a batch.</summary>
    /// <param name="parameters">the parameters of the network, which must not change if <see cref="PlanSettings.PackWeights"/> is set</param>
    /// <param name="device">the device</param>
    /// <param name="settings">settings of all plans</param>
    /// <param name="batch">the largest batch that memory suffices for</param>
    /// <exception cref="OutOfDeviceMemoryException">the batch does not fit the device</exception>
    public PredictionPlans(ParameterMemory parameters, ComputeDevice device, PlanSettings settings, int batch)
    {
        (_parameters, _device) = (parameters, device);
        _caches.Add(new PlanCache(parameters, device, settings));
        _mostCaches = settings.PackWeights && device is CpuDevice cpu ? cpu.Threads : 1;
        try
        {
            // Without packed weights, predictions are those of an evaluation, whose algorithms depend on the batch.
            Batch = settings.PackWeights ? _caches[0].PredictionBatch(batch) : batch;
            _caches[0].Evaluation(Batch);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Samples of a batch; the last one may have fewer.</summary>
    public int Batch { get; }

    /// <summary>The plan of a batch that all threads share, of at most <see cref="Batch"/> samples.</summary>
    public Plan Shared(int batch) => _caches[0].Evaluation(batch);

    /// <summary>Runs the forward pass.</summary>
    /// <param name="inputs">[count, input length]</param>
    /// <param name="count">samples</param>
    /// <param name="receive">receives the index of the first sample of a group, and their outputs [samples of the group, output length], in order</param>
    public void Run(ReadOnlyMemory<float> inputs, int count, OutputReceiver receive)
    {
        var (input, output) = (_parameters.Model.Input.Length, _parameters.Model.Output.Length);
        for (var from = 0; from < count;)
        {
            var batches = SeparateBatches((count - from) / Batch);
            var samples = batches > 0 ? batches * Batch : Math.Min(Batch, count - from);
            if (_outputs.Length < samples * output) _outputs = new float[samples * output];
            if (batches == 0)
            {
                RunBatch(Shared(samples), inputs.Span.Slice(from * input, samples * input), _outputs);
            }
            else
            {
                var (plans, first) = (_caches.Select(cache => cache.Evaluation(Batch)).ToArray(), from);
                ((CpuDevice)_device).RunTasks(batches, (task, thread) => RunBatch(
                    plans[thread], inputs.Span.Slice((first + task * Batch) * input, Batch * input), _outputs.AsSpan(task * Batch * output, Batch * output)));
            }

            receive(from, _outputs.AsSpan(0, samples * output));
            from += samples;
        }
    }

    public void Dispose()
    {
        foreach (var cache in Enumerable.Reverse(_caches)) cache.Dispose();
        _caches.Clear();
    }

    // Batches that threads run each for itself. What is left when most threads would have none is run by all threads together, batch by batch.
    private int SeparateBatches(int whole)
    {
        if (!Pays()) return 0;
        AddCaches(Math.Min(whole, _mostCaches));
        // Memory may not have sufficed for all of them.
        if (!Pays()) return 0;
        var rounds = Math.Min(BatchesPerThread, whole / _mostCaches);
        return rounds == 0 ? whole : rounds * _mostCaches;

        bool Pays() => _mostCaches >= 2 && 2 * whole > _mostCaches;
    }

    // As many as memory suffices for.
    private void AddCaches(int count)
    {
        while (_caches.Count < count)
        {
            PlanCache? cache = null;
            try
            {
                cache = _caches[0].Sibling();
                cache.Evaluation(Batch);
            }
            catch (OutOfDeviceMemoryException)
            {
                cache?.Dispose();
                _mostCaches = _caches.Count;
                return;
            }

            _caches.Add(cache);
        }
    }

    private void RunBatch(Plan plan, ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        _device.Upload(inputs, plan.Input);
        plan.RunForward();
        _device.Download(plan.Output, outputs[..plan.Output.Length]);
    }

    /// <summary>Receives outputs of consecutive samples.</summary>
    internal delegate void OutputReceiver(int from, ReadOnlySpan<float> outputs);
}
