using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>Copies the rows of a batch with their labels. An item is a part of a row. A position without a row gets zeros and the label -1.</summary>
internal struct RowGatherKernel<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>Floats [count, length]; integers [count]; row indices; <see cref="StepStateLayout"/>.</summary>
    public TBackend Rows, Labels, Order, StepState;

    /// <summary>Floats [batch, length]; integers [batch].</summary>
    public TBackend Output, OutputLabels;

    /// <summary>Rows in the table, and in the order.</summary>
    public int Count, OrderLength;

    /// <summary>Values per row.</summary>
    public int Length;

    /// <summary>Parts per row, and values per part, a multiple of the vector width; the last part may have fewer.</summary>
    public int PartsPerRow, PartLength;

    /// <summary>Division by <see cref="PartsPerRow"/>.</summary>
    public FastDivMod ByParts;

    /// <summary>True if there are labels.</summary>
    public Flag HasLabels;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var slot = ByParts.Divide(item);
        var part = item - slot * PartsPerRow;
        var row = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Count, slot);
        if (HasLabels && part == 0) BatchOrder<TBackend, TVector>.CopyLabel(Labels, OutputLabels, row, slot);
        // A missing row is read from row 0, and 0 is written in its place.
        var isPresent = TBackend.Splat(row + 0.5f);
        if (row < 0) row = 0;

        var from = row * Length;
        var target = slot * Length;
        var i = part * PartLength;
        var to = i + PartLength;
        if (to > Length) to = Length;
        for (; i + TBackend.Width <= to; i += TBackend.Width)
            TBackend.Store(Output, target + i, TBackend.SelectGreater(isPresent, TBackend.Zero, TBackend.Load(Rows, from + i), TBackend.Zero));

        var left = to - i;
        if (left > 0)
        {
            var value = TBackend.SelectGreater(isPresent, TBackend.Zero, TBackend.LoadPartial(Rows, from + i, left), TBackend.Zero);
            TBackend.StorePartial(Output, target + i, value, left);
        }
    }
}
