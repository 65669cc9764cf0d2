using Gpu.Kernels.Devices;
using Gpu.Training.Losses;
using Gpu.Training.Models;

namespace Gpu.Training.Planning;

/// <summary>What a network's plans will allocate, by their own arithmetic: nothing is allocated to find out.</summary>
internal sealed class MemoryRequirements
{
    // Zeros that padded layers read: small, and known only when a plan is recorded.
    private const long ZeroBufferBytes = 1 << 16;

    private readonly Model _model;
    private readonly LossFunction _loss;
    private readonly PlanGraph _training;
    private readonly PlanGraph _evaluation;
    private readonly GradientSchedule _gradients;

    public MemoryRequirements(Model model, PlanSettings settings)
    {
        _model = model;
        _loss = LossFunction.Of(model.Recipe.Loss);
        _training = PlanBuilder.Build(model, true, settings);
        _evaluation = PlanBuilder.Build(model, false, settings);
        _gradients = new GradientSchedule(_training, _loss);
    }

    /// <summary>
    /// Bytes that a <see cref="PlanCache"/> allocates for batches of these sizes; null for more than can be addressed.
    /// </summary>
    public long? PlanBytes(IEnumerable<int> training, IEnumerable<int> evaluation)
    {
        long arena = ArenaLayout.Alignment, workspace = ArenaLayout.Alignment;
        var largest = 0;
        try
        {
            var layouts = training.Where(batch => batch > 0).Distinct().Select(batch => new PlanLayout(_training, _gradients, batch))
                .Concat(evaluation.Where(batch => batch > 0).Distinct().Select(batch => new PlanLayout(_evaluation, null, batch)));
            foreach (var layout in layouts)
            {
                arena = Math.Max(arena, layout.Words);
                workspace = Math.Max(workspace, layout.WorkspaceWords);
                largest = Math.Max(largest, layout.Batch);
            }
        }
        catch (Exception e) when (e is ModelException or OverflowException)
        {
            return null;
        }

        var buffers = BatchBuffers.WordsFor(_model, _loss, largest);
        return buffers > int.MaxValue ? null : sizeof(float) * (arena + workspace + buffers + PlanCache.StateWords) + ZeroBufferBytes;
    }
}

/// <summary>Sees before a piece of work whether it fits its device, and says afterwards what would have fitted.</summary>
/// <param name="device">where it will run; nothing of it is allocated yet</param>
/// <param name="work">what it is, with its batch</param>
/// <param name="batch">samples of a batch</param>
/// <param name="bytesFor">bytes that it allocates with batches of so many samples; null for more than can be addressed. It does not fall.</param>
internal sealed class MemoryCheck(ComputeDevice device, string work, int batch, Func<int, long?> bytesFor)
{
    private readonly long _allocated = device.AllocatedBytes;

    /// <summary>Checks.</summary>
    /// <exception cref="OutOfDeviceMemoryException">it needs more than is known to be free</exception>
    /// <exception cref="ModelException">it needs more than can be addressed</exception>
    public MemoryCheck Require()
    {
        var free = device.FreeBytes;
        if (bytesFor(batch) is not { } needed)
        {
            var fits = LargestBatch(free ?? long.MaxValue);
            throw new ModelException($"{work} needs more than {int.MaxValue:N0} values in one piece, which is all that can be addressed. "
                + (fits > 0 ? $"A batch of {fits} would fit." : "Use a smaller model."));
        }

        if (needed > free) throw new OutOfDeviceMemoryException(work, needed, free, device.Description, LargestBatch(free.Value), null);
        return this;
    }

    /// <summary>Does the work, or the part of it that allocates; an allocation that fails all the same is explained.</summary>
    /// <exception cref="OutOfDeviceMemoryException">an allocation failed</exception>
    public T Run<T>(Func<T> allocate)
    {
        try
        {
            return allocate();
        }
        catch (OutOfDeviceMemoryException e) when (!e.NamesCure)
        {
            // Another process may have taken memory, or what is free lies in pieces.
            var free = e.BytesFree + device.AllocatedBytes - _allocated;
            int? fits = free is { } bytes ? LargestBatch(Math.Min(bytes, (bytesFor(batch) ?? bytes + 1) - 1)) : null;
            throw new OutOfDeviceMemoryException(work, bytesFor(batch) ?? e.BytesNeeded, free, device.Description, fits, e);
        }
    }

    /// <summary>The batch, or the largest below it that fits what is known to be free; 0 for none.</summary>
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
