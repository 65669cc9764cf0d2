using Gpu.Kernels.Backends;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>Batches from a data set that lies on the device as bytes: gathered by number, normalised, and changed at random if wanted.</summary>
public static class BatchGather
{
    // About so many elements an item on the CPU: enough to be worth handing over.
    private const int ElementsPerItem = 4096;

    /// <summary>
    /// Fills a batch with the samples order[start], order[start + 1], ..., start being the word <see cref="StepStateLayout.BatchStart"/> of the step. Places
    /// behind the end of the order, and numbers that are no sample's, become zero bytes, normalised, with the label -1.
    /// </summary>
    /// <param name="executor">where to run</param>
    /// <param name="shape">data set and batch</param>
    /// <param name="bytes">[samples, height, width, channels], <see cref="BatchShape.DataWords"/> words: upload the bytes at its beginning</param>
    /// <param name="labels">integers [samples]; empty for none</param>
    /// <param name="order">integers: numbers of samples, as long as one likes</param>
    /// <param name="stepState">the values of the step, see <see cref="StepStateLayout"/></param>
    /// <param name="normalization">what <see cref="PixelNormalization.Pattern"/> gives for the channels</param>
    /// <param name="output">receives [batch, height, width, channels]</param>
    /// <param name="outputLabels">receives integers [batch]; empty when <paramref name="labels"/> is</param>
    /// <param name="augmentation">random changes; none by default</param>
    /// <exception cref="ArgumentException">a view has another length than the shape asks for</exception>
    /// <exception cref="ArgumentOutOfRangeException">an extent that is not above 0, or a shift that is negative or larger than a sample</exception>
    public static void Run(
        IExecutor executor, BatchShape shape, DeviceView bytes, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView normalization,
        DeviceView output, DeviceView outputLabels, Augmentation augmentation = default)
    {
        shape.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(augmentation.Shift);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(augmentation.Shift, Math.Max(shape.Height, shape.Width));
        if (order.IsEmpty) throw new ArgumentException("the order names no samples", nameof(order));
        bytes.Require(shape.DataWords, nameof(bytes));
        if (!labels.IsEmpty) labels.Require(shape.Samples, nameof(labels));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        normalization.Require(PixelNormalization.Words(shape.Channels), nameof(normalization));
        output.Require(shape.BatchLength, nameof(output));
        outputLabels.Require(labels.IsEmpty ? 0 : shape.Batch, nameof(outputLabels));
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
        // Every row begins with a vector of its own.
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
