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
    /// <param name="buffers">needed unless <see cref="Augmentation.IsFlipAndShift"/></param>
    /// <exception cref="ArgumentException">the order is empty, or a view does not have the length that the shape requires</exception>
    /// <exception cref="ArgumentOutOfRangeException">a size is below 1, or a value of the augmentation is out of its range</exception>
    public static void Run(
        IExecutor executor, BatchShape shape, DeviceView bytes, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView normalization,
        DeviceView output, DeviceView outputLabels, Augmentation augmentation = default, AugmentationBuffers buffers = default)
    {
        shape.Validate();
        augmentation.Validate(shape.Height, shape.Width, shape.Channels);
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
        if (!augmentation.IsFlipAndShift)
        {
            Transform(executor, shape, bytes, labels, order, stepState, normalization, output, outputLabels, augmentation, buffers);
            return;
        }

        if (augmentation.IsNone) executor.Execute(new PlainOperation(shape, bytes, labels, order, stepState, normalization, output, outputLabels));
        else executor.Execute(new AugmentedOperation(shape, bytes, labels, order, stepState, normalization, output, outputLabels, augmentation));
    }

    private static void Transform(
        IExecutor executor, BatchShape shape, DeviceView bytes, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView normalization,
        DeviceView output, DeviceView outputLabels, Augmentation augmentation, AugmentationBuffers buffers)
    {
        var (transforms, quantiles) = (buffers.Transforms, buffers.MixQuantiles);
        var mixesLabels = augmentation.MixesSamples && !labels.IsEmpty;
        transforms.Require(ShapeLimits.Length("the transforms", shape.Batch, AugmentationBuffers.WordsPerSample), nameof(buffers.Transforms));
        quantiles.Require(augmentation.MixesSamples ? AugmentationBuffers.QuantileWords : 0, nameof(buffers.MixQuantiles));
        buffers.SecondLabels.Require(mixesLabels ? shape.Batch : 0, nameof(buffers.SecondLabels));
        buffers.LabelWeights.Require(mixesLabels ? shape.Batch : 0, nameof(buffers.LabelWeights));
        Operands.Check(
            executor,
            [new(transforms, nameof(buffers.Transforms)), new(outputLabels, nameof(outputLabels)), new(buffers.SecondLabels, nameof(buffers.SecondLabels)),
             new(buffers.LabelWeights, nameof(buffers.LabelWeights)), new(output, nameof(output))],
            [new(bytes, nameof(bytes)), new(labels, nameof(labels)), new(order, nameof(order)), new(stepState, nameof(stepState)),
             new(normalization, nameof(normalization)), new(quantiles, nameof(buffers.MixQuantiles))]);
        executor.Execute(new DrawOperation(shape, labels, order, stepState, normalization, outputLabels, augmentation, buffers));
        executor.Execute(new TransformOperation(shape, bytes, normalization, output, augmentation, transforms));
    }

    private readonly struct DrawOperation(
        BatchShape shape, DeviceView labels, DeviceView order, DeviceView stepState, DeviceView normalization, DeviceView outputLabels,
        Augmentation augmentation, AugmentationBuffers buffers) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var period = PixelNormalization.Period(shape.Channels);
            var magnitude = augmentation.RandomMagnitude / 30f;
            var bits = (int)MathF.Round(4 * magnitude);
            var kernel = new DrawTransforms<TBackend, TVector>
            {
                Labels = launcher.Bind(labels),
                Order = launcher.Bind(order),
                StepState = launcher.Bind(stepState),
                Scales = launcher.Bind(normalization.First(period)),
                Shifts = launcher.Bind(normalization.Slice(period, period)),
                Quantiles = launcher.Bind(buffers.MixQuantiles),
                Transforms = launcher.Bind(buffers.Transforms),
                OutputLabels = launcher.Bind(outputLabels),
                SecondLabels = launcher.Bind(buffers.SecondLabels),
                LabelWeights = launcher.Bind(buffers.LabelWeights),
                Samples = shape.Samples,
                OrderLength = order.Length,
                Batch = shape.Batch,
                Height = shape.Height,
                Width = shape.Width,
                Channels = shape.Channels,
                Window = shape.Window,
                ByWindow = FastDivMod.By(Math.Max(shape.Window, 1)),
                HasLabels = !labels.IsEmpty,
                Flip = augmentation.Flip,
                DrawsPerEpoch = augmentation.DrawsPerEpoch,
                MaxShift = augmentation.Shift,
                Rotation = augmentation.Rotation * (MathF.PI / 180),
                ScaleFrom = augmentation.ScalesSize ? augmentation.ScaleFrom : 1,
                ScaleSpan = augmentation.ScalesSize ? augmentation.ScaleTo - augmentation.ScaleFrom : 0,
                Shear = MathF.Tan(augmentation.Shear * (MathF.PI / 180)),
                Brightness = augmentation.Brightness,
                Contrast = augmentation.Contrast,
                Saturation = augmentation.Saturation,
                Hue = augmentation.Hue * (2 * MathF.PI),
                EraseProbability = augmentation.EraseProbability,
                Cutout = augmentation.Cutout,
                RandomOperations = augmentation.RandomOperations,
                RandomMagnitude = magnitude,
                PosterizeStep = bits == 0 ? 0 : 1 << bits,
                SolarizeDrop = DrawTransforms<TBackend, TVector>.NoThreshold - 255f * (1 - magnitude),
                Mixes = augmentation.MixesSamples,
                CutmixShare = augmentation.Cutmix == 0 ? 0f : augmentation.Mixup == 0 ? 1f : 0.5f,
                Seed0 = (uint)augmentation.Seed,
                Seed1 = (uint)(augmentation.Seed >> 32),
            };
            launcher.Launch(kernel, shape.Batch, 1000 + 300 * augmentation.RandomOperations);
        }
    }

    private readonly struct TransformOperation(
        BatchShape shape, DeviceView bytes, DeviceView normalization, DeviceView output, Augmentation augmentation, DeviceView transforms) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var period = PixelNormalization.Period(shape.Channels);
            var pixels = shape.Height * shape.Width;
            var part = TBackend.IsGpu ? 1 : Math.Clamp(ElementsPerItem / 4 / shape.Channels, 1, pixels);
            var parts = IntMath.DivRoundUp(pixels, part);
            var kernel = new TransformedGather<TBackend, TVector>
            {
                Bytes = launcher.Bind(bytes),
                Scales = launcher.Bind(normalization.First(period)),
                Shifts = launcher.Bind(normalization.Slice(period, period)),
                Transforms = launcher.Bind(transforms),
                Output = launcher.Bind(output),
                Height = shape.Height,
                Width = shape.Width,
                Channels = shape.Channels,
                PartsPerSample = parts,
                PixelsPerPart = part,
                ByParts = FastDivMod.By(parts),
                ByWidth = FastDivMod.By(shape.Width),
                IsAffine = augmentation.IsAffine,
                ChangesColors = augmentation.ChangesColors,
                Mixes = augmentation.MixesSamples,
            };
            launcher.Launch(kernel, checked(shape.Batch * parts), 60 + 40 * part * shape.Channels);
        }
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
                DrawsPerEpoch = augmentation.DrawsPerEpoch,
                MaxShift = augmentation.Shift,
                Reflects = augmentation.ReflectsShift ? 1 : 0,
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
                DrawsPerEpoch = augmentation.DrawsPerEpoch,
                MaxShift = augmentation.Shift,
                Reflects = augmentation.ReflectsShift ? 1 : 0,
                Seed0 = (uint)augmentation.Seed,
                Seed1 = (uint)(augmentation.Seed >> 32),
            };
            launcher.Launch(kernel, shape.BatchLength, 100);
        }
    }
}
