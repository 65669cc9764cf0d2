using Gpu.Kernels.Devices;
using Gpu.Training.Losses;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>Computes the device memory that the plans of a network need, from their layouts. Allocates nothing.</summary>
internal sealed class MemoryRequirements
{
    // Upper bound for the zero buffers that padded layers read. Their exact size is known only when a plan is recorded.
    private const long ZeroBufferBytes = 1 << 16;

    private readonly Model _model;
    private readonly LossFunction _loss;
    private readonly PlanSettings _settings;
    private readonly ComputeDevice? _device;
    private readonly PlanGraph _training;
    private readonly PlanGraph _evaluation;
    private readonly GradientSchedule _gradients;

    /// <summary>Makes the graphs.</summary>
    /// <param name="model">the model</param>
    /// <param name="settings">settings of the plans</param>
    /// <param name="device">the device; needed with <see cref="PlanSettings.PackWeights"/></param>
    public MemoryRequirements(Model model, PlanSettings settings, ComputeDevice? device = null)
    {
        _device = device;
        _model = model;
        _settings = settings;
        _loss = LossFunction.Of(model.Recipe.Loss);
        _training = PlanBuilder.Build(model, true, settings);
        _evaluation = PlanBuilder.Build(model, false, settings);
        _gradients = new GradientSchedule(_training, _loss);
    }

    /// <summary>
    /// Bytes that a <see cref="PlanCache"/> allocates for the given batch sizes; null if a buffer would be longer than int.MaxValue words.
    /// </summary>
    public long? PlanBytes(IEnumerable<int> training, IEnumerable<int> evaluation)
    {
        int[] sizes = [.. evaluation.Where(batch => batch > 0).Distinct()];
        long packed = 0;
        long arena = ArenaLayout.Alignment, workspace = ArenaLayout.Alignment;
        var largest = 0;
        try
        {
            var layouts = training.Where(batch => batch > 0).Distinct().Select(batch => new PlanLayout(_training, _gradients, batch))
                .Concat(sizes.Select(batch => new PlanLayout(_evaluation, null, batch)));
            foreach (var layout in layouts)
            {
                arena = Math.Max(arena, layout.Words);
                workspace = Math.Max(workspace, layout.WorkspaceWords);
                largest = Math.Max(largest, layout.Batch);
            }

            if (_settings.PackWeights && _device is not null) packed = PackedWeights.WordsFor(_evaluation, _device, sizes);
        }
        catch (Exception e) when (e is ModelException or ArgumentException or OverflowException)
        {
            return null;
        }

        var buffers = BatchBuffers.WordsFor(_model, _loss, largest, _settings);
        var others = PlanCache.StateWords(_model, _loss) + FoldedParameters.WordsFor(_evaluation) + packed;
        return buffers > int.MaxValue ? null : sizeof(float) * (arena + workspace + buffers + others) + ZeroBufferBytes;
    }
}

/// <summary>Checks that a task fits the free memory of a device before it runs. Its errors give the largest batch that fits.</summary>
/// <param name="device">the device of the task; the task must not have allocated anything yet</param>
/// <param name="work">a description of the task for messages, with its batch size</param>
/// <param name="batch">the batch size</param>
/// <param name="bytesFor">
/// bytes that the task allocates for a batch size; null if a buffer would be longer than int.MaxValue words; must be non-decreasing
/// </param>
internal sealed class MemoryCheck(ComputeDevice device, string work, int batch, Func<int, long?> bytesFor)
{
    private readonly long _allocated = device.AllocatedBytes;

    /// <summary>Checks that the task fits, and returns this object.</summary>
    /// <exception cref="OutOfDeviceMemoryException">the task needs more than the free memory of the device, if that is known</exception>
    /// <exception cref="ModelException">a buffer would be longer than int.MaxValue words</exception>
    public MemoryCheck Require()
    {
        var free = device.FreeBytes;
        if (bytesFor(batch) is not { } needed)
        {
            var fits = LargestBatch(free ?? long.MaxValue);
            throw new ModelException($"{work} needs more than {int.MaxValue:N0} values in one piece, which is the most that can be addressed. "
                + (fits > 0 ? $"A batch of {fits} would fit." : "Use smaller images (--size) or a smaller model."));
        }

        if (needed > free) throw new OutOfDeviceMemoryException(work, needed, free, device.Description, LargestBatch(free.Value), null);
        return this;
    }

    /// <summary>Runs the allocations of the task. If one fails, the error gives the memory of the whole task and the largest batch that fits.</summary>
    /// <exception cref="OutOfDeviceMemoryException">an allocation failed</exception>
    public T Run<T>(Func<T> allocate)
    {
        try
        {
            return allocate();
        }
        catch (OutOfDeviceMemoryException e) when (!e.HasSuggestion)
        {
            // Another process may have allocated memory, or the free memory is fragmented.
            var free = e.BytesFree + device.AllocatedBytes - _allocated;
            int? fits = free is { } bytes ? LargestBatch(Math.Min(bytes, (bytesFor(batch) ?? bytes + 1) - 1)) : null;
            throw new OutOfDeviceMemoryException(work, bytesFor(batch) ?? e.BytesNeeded, free, device.Description, fits, e);
        }
    }

    /// <summary>The batch size, or the largest smaller one that fits the free memory, if that is known; 0 if none fits.</summary>
    public int LargestFittingBatch()
    {
        var free = device.FreeBytes ?? long.MaxValue;
        return bytesFor(batch) <= free ? batch : LargestBatch(free);
    }

    private int LargestBatch(long free)
    {
        var (fits, tooLarge) = (0, batch);
        while (tooLarge - fits > 1)
        {
            var middle = fits + (tooLarge - fits) / 2;
            if (bytesFor(middle) <= free) fits = middle;
            else tooLarge = middle;
        }

        return fits;
    }
}
