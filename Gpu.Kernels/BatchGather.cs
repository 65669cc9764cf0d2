using Gpu.Kernels.Backends;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Assembles batches from a data set that is stored on the device as bytes: gathers samples by index, normalizes them to floats and optionally augments them.
/// </summary>
public static class BatchGather
{
    // About this many elements per item on the CPU: enough work to pay for scheduling the item.
    private const int ElementsPerItem = 4096;

    /// <summary>
    /// Fills a batch with the samples order[start], order[start + 1], ..., where start is word <see cref="StepStateLayout.BatchStart"/> of the step state. If a
    /// position is past the end of the order, or its sample index is out of range, the sample is filled with normalized zero bytes and gets the label -1.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the data set and the batch</param>
    /// <param name="bytes">
    /// the data set, unsigned bytes [samples, height, width, channels] from the start of the view; <see cref="BatchShape.DataWords"/> words, which includes
    /// unused bytes at the end
    /// </param>
    /// <param name="labels">integers [samples]; empty for none</param>
    /// <param name="order">sample indices, integers; any number of them, at least 1</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="normalization">
    /// scales and shifts as made by <see cref="PixelNormalization.Pattern"/>, <see cref="PixelNormalization.Words"/> words for the shape's channels
    /// </param>
    /// <param name="output">receives floats [batch, height, width, channels]</param>
    /// <param name="outputLabels">receives integers [batch]; empty if <paramref name="labels"/> is</param>
    /// <param name="augmentation">the random changes; default: none</param>
    /// <exception cref="ArgumentException">the order is empty, or a view does not have the length that the shape requires</exception>
    /// <exception cref="ArgumentOutOfRangeException">a size is below 1, or the shift is negative or larger than both sides of a sample</exception>
    public static void Run(
        IExecutor executor, BatchShape shape, DeviceView bytes, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView normalization,
        DeviceView output, DeviceView outputLabels, Augmentation augmentation = default)
    {
        shape.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(augmentation.Shift);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(augmentation.Shift, Math.Max(shape.Height, shape.Width));
        if (order.IsEmpty) throw new ArgumentException("the order of samples is empty", nameof(order));
        bytes.Require(shape.DataWords, nameof(bytes));
        if (!labels.IsEmpty) labels.Require(shape.Samples, nameof(labels));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        normalization.Require(PixelNormalization.Words(shape.Channels), nameof(normalization));
        output.Require(shape.BatchLength, nameof(output));
        outputLabels.Require(labels.IsEmpty ? 0 : shape.Batch, nameof(outputLabels));
        Operands.Check(
            executor,
            [new(output, nameof(output)), new(outputLabels, nameof(outputLabels))],
            [new(bytes, nameof(bytes)), new(labels, nameof(labels)), new(order, nameof(order)),
             new(stepState, nameof(stepState)), new(normalization, nameof(normalization))]);
        if (augmentation.IsNone) executor.Execute(new PlainOperation(shape, bytes, labels, order, stepState, normalization, output, outputLabels));
        else executor.Execute(new AugmentedOperation(shape, bytes, labels, order, stepState, normalization, output, outputLabels, augmentation));
    }

    private readonly struct PlainOperation(
        BatchShape shape, DeviceView bytes, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView normalization,
        DeviceView output, DeviceView outputLabels) : IOperation
    {
        public int Granularity => shape.SampleLength;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var period = PixelNormalization.Period(shape.Channels);
            var partLength = TBackend.IsGpu ? TBackend.Width : ElementsPerItem;
            var parts = IntMath.DivRoundUp(shape.SampleLength, partLength);
            var kernel = new BatchGatherKernel<TBackend, TVector>
            {
                Bytes = launcher.Bind(bytes),
                Labels = launcher.Bind(labels),
                Order = launcher.Bind(order),
                StepState = launcher.Bind(stepState),
                Scales = launcher.Bind(normalization.First(period)),
                Shifts = launcher.Bind(normalization.Slice(period, period)),
                ZeroScales = launcher.Zeros(period),
                Output = launcher.Bind(output),
                OutputLabels = launcher.Bind(outputLabels),
                Samples = shape.Samples,
                Window = shape.Window,
                ByWindow = FastDivMod.By(Math.Max(shape.Window, 1)),
                OrderLength = order.Length,
                SampleLength = shape.SampleLength,
                PartsPerSample = parts,
                PartLength = partLength,
                Period = period,
                ByParts = FastDivMod.By(parts),
                ByPeriod = FastDivMod.By(period),
                HasLabels = !labels.IsEmpty,
            };
            launcher.Launch(kernel, checked(shape.Batch * parts), 10 + 6 * IntMath.DivRoundUp(Math.Min(shape.SampleLength, partLength), TBackend.Width));
        }
    }

    private readonly struct AugmentedOperation(
        BatchShape shape, DeviceView bytes, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView normalization,
        DeviceView output, DeviceView outputLabels, Augmentation augmentation) : IOperation
    {
        // Vector accesses restart at each row.
        public int Granularity => shape.Width * shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            if (TBackend.IsGpu)
            {
                LaunchElements<TBackend, TVector>(launcher);
                return;
            }

            var period = PixelNormalization.Period(shape.Channels);
            var rowLength = shape.Width * shape.Channels;
            var rows = Math.Clamp(ElementsPerItem / rowLength, 1, shape.Height);
            var parts = IntMath.DivRoundUp(shape.Height, rows);
            var kernel = new AugmentedBatchGather<TBackend, TVector>
            {
                Bytes = launcher.Bind(bytes),
                Labels = launcher.Bind(labels),
                Order = launcher.Bind(order),
                StepState = launcher.Bind(stepState),
                Scales = launcher.Bind(normalization.First(period)),
                Shifts = launcher.Bind(normalization.Slice(period, period)),
                Output = launcher.Bind(output),
                OutputLabels = launcher.Bind(outputLabels),
                Samples = shape.Samples,
                Window = shape.Window,
                ByWindow = FastDivMod.By(Math.Max(shape.Window, 1)),
                OrderLength = order.Length,
                Height = shape.Height,
                Width = shape.Width,
                Channels = shape.Channels,
                PartsPerSample = parts,
                RowsPerPart = rows,
                Period = period,
                HasLabels = !labels.IsEmpty,
                Flip = augmentation.Flip,
                MaxShift = augmentation.Shift,
                Seed0 = (uint)augmentation.Seed,
                Seed1 = (uint)(augmentation.Seed >> 32),
            };
            launcher.Launch(kernel, checked(shape.Batch * parts), 100 + 3 * rows * rowLength);
        }

        private void LaunchElements<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var period = PixelNormalization.Period(shape.Channels);
            var kernel = new AugmentedElementGather<TBackend, TVector>
            {
                Bytes = launcher.Bind(bytes),
                Labels = launcher.Bind(labels),
                Order = launcher.Bind(order),
                StepState = launcher.Bind(stepState),
                Scales = launcher.Bind(normalization.First(period)),
                Shifts = launcher.Bind(normalization.Slice(period, period)),
                Output = launcher.Bind(output),
                OutputLabels = launcher.Bind(outputLabels),
                Samples = shape.Samples,
                Window = shape.Window,
                ByWindow = FastDivMod.By(Math.Max(shape.Window, 1)),
                OrderLength = order.Length,
                Height = shape.Height,
                Width = shape.Width,
                Channels = shape.Channels,
                BySample = FastDivMod.By(shape.SampleLength),
                ByRow = FastDivMod.By(shape.Width * shape.Channels),
                ByPixel = FastDivMod.By(shape.Channels),
                HasLabels = !labels.IsEmpty,
                Flip = augmentation.Flip,
                MaxShift = augmentation.Shift,
                Seed0 = (uint)augmentation.Seed,
                Seed1 = (uint)(augmentation.Seed >> 32),
            };
            launcher.Launch(kernel, shape.BatchLength, 100);
        }
    }
}
