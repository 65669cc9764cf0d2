using Gpu.Kernels.Backends;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>Assembles batches from a table of floats on the device: gathers rows by index. <see cref="BatchGather"/> does it for images.</summary>
public static class RowGather
{
    // About this many elements per item on the CPU: enough work to pay for scheduling the item.
    private const int ElementsPerItem = 4096;

    /// <summary>
    /// Fills a batch with the rows order[start], order[start + 1], ..., where start is word <see cref="StepStateLayout.BatchStart"/> of the step state. If a
    /// position is past the end of the order, or its row index is out of range, the row is filled with zeros and gets the label -1.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">the table, floats [rows, length]</param>
    /// <param name="length">values per row, at least 1</param>
    /// <param name="labels">integers [rows]; empty for none</param>
    /// <param name="order">row indices, integers; any number of them, at least 1</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="output">receives floats [batch, length]</param>
    /// <param name="outputLabels">receives integers [batch]; empty if <paramref name="labels"/> is</param>
    /// <exception cref="ArgumentException">the order is empty, or a view does not have a length that fits the others</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is below 1</exception>
    public static void Run(
        IExecutor executor, DeviceView rows, int length, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView output,
        DeviceView outputLabels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        var (count, batch) = (rows.Length / length, output.Length / length);
        if (count == 0 || rows.Length != count * length)
            throw new ArgumentException($"the table has {rows.Length} words, but must have at least one row of {length}, and whole rows", nameof(rows));
        if (batch == 0 || output.Length != batch * length)
            throw new ArgumentException($"the output has {output.Length} words, but must have at least one row of {length}, and whole rows", nameof(output));
        if (order.IsEmpty) throw new ArgumentException("the order of rows is empty", nameof(order));
        if (!labels.IsEmpty) labels.Require(count, nameof(labels));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        outputLabels.Require(labels.IsEmpty ? 0 : batch, nameof(outputLabels));
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(outputLabels, nameof(outputLabels))],
            [new(rows, nameof(rows)), new(labels, nameof(labels)), new(order, nameof(order)), new(stepState, nameof(stepState))]);
        executor.Execute(new Operation(count, batch, length, rows, labels, order, stepState, output, outputLabels));
    }

    private readonly struct Operation(
        int count, int batch, int length, DeviceView rows, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView output,
        DeviceView outputLabels) : IOperation
    {
        public int Granularity => length;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var partLength = TBackend.IsGpu ? TBackend.Width : ElementsPerItem;
            var parts = IntMath.DivRoundUp(length, partLength);
            var kernel = new RowGatherKernel<TBackend, TVector>
            {
                Rows = launcher.Bind(rows),
                Labels = launcher.Bind(labels),
                Order = launcher.Bind(order),
                StepState = launcher.Bind(stepState),
                Output = launcher.Bind(output),
                OutputLabels = launcher.Bind(outputLabels),
                Count = count,
                OrderLength = order.Length,
                Length = length,
                PartsPerRow = parts,
                PartLength = partLength,
                ByParts = FastDivMod.By(parts),
                HasLabels = !labels.IsEmpty,
            };
            launcher.Launch(kernel, checked(batch * parts), 10 + 3 * IntMath.DivRoundUp(Math.Min(length, partLength), TBackend.Width));
        }
    }
}
