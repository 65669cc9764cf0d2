using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Segmentation;

namespace Gpu.Kernels;

/// <summary>Gathers the masks of a batch: the class of each pixel, from a data set that is stored on the device as bytes.</summary>
public static class MaskGather
{
    /// <summary>
    /// Fills a batch with the masks of the samples that <see cref="BatchGather.Run"/> fills it with, moved like their images, by the nearest neighbor. Pixels
    /// from outside of a mask, unless the shift reflects, erased ones, and all of a missing sample get the label <see cref="PixelLoss.Void"/>.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="shape">the sizes of the data set and the batch, with 1 channel and without window</param>
    /// <param name="masks">
    /// the data set, unsigned bytes [samples, height, width] from the start of the view; <see cref="BatchShape.DataWords"/> words
    /// </param>
    /// <param name="order">sample indices, integers; any number of them, at least 1</param>
    /// <param name="stepState">the step state, <see cref="StepStateLayout.Words"/> words</param>
    /// <param name="labels">receives integers [batch, height, width]</param>
    /// <param name="augmentation">the random changes of the images</param>
    /// <param name="transforms">
    /// the changes that <see cref="BatchGather.Run"/> drew for the images of this batch, <see cref="AugmentationBuffers.Transforms"/>; needed unless
    /// <see cref="Augmentation.IsFlipAndShift"/>
    /// </param>
    /// <exception cref="ArgumentException">
    /// the order is empty, a view does not have the length that the shape requires, or the augmentation mixes samples, which masks cannot
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">a size is below 1, or the shift is negative or larger than both sides of a sample</exception>
    public static void Run(
        IExecutor executor, BatchShape shape, DeviceView masks, DeviceView order, DeviceView stepState, DeviceView labels, Augmentation augmentation = default,
        DeviceView transforms = default)
    {
        shape.Validate();
        if (shape.Channels != 1 || shape.Window != 0)
            throw new ArgumentException($"masks have 1 channel and no window, but the shape is {shape}", nameof(shape));
        ArgumentOutOfRangeException.ThrowIfNegative(augmentation.Shift);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(augmentation.Shift, Math.Max(shape.Height, shape.Width));
        if (augmentation.ReflectsShift) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(augmentation.Shift, Math.Min(shape.Height, shape.Width));
        if (augmentation.MixesSamples) throw new ArgumentException("masks cannot be mixed, but the augmentation has mixup or CutMix", nameof(augmentation));
        if (order.IsEmpty) throw new ArgumentException("the order of samples is empty", nameof(order));
        masks.Require(shape.DataWords, nameof(masks));
        stepState.Require(StepStateLayout.Words, nameof(stepState));
        labels.Require(shape.BatchLength, nameof(labels));
        transforms.Require(
            augmentation.IsFlipAndShift ? 0 : ShapeLimits.Length("the transforms", shape.Batch, AugmentationBuffers.WordsPerSample), nameof(transforms));
        Operands.Check(
            executor, [new(labels, nameof(labels))],
            [new(masks, nameof(masks)), new(order, nameof(order)), new(stepState, nameof(stepState)), new(transforms, nameof(transforms))]);
        if (augmentation.IsFlipAndShift) executor.Execute(new Operation(shape, masks, order, stepState, labels, augmentation));
        else executor.Execute(new TransformedOperation(shape, masks, order, stepState, labels, transforms));
    }

    private readonly struct Operation(
        BatchShape shape, DeviceView masks, DeviceView order, DeviceView stepState, DeviceView labels, Augmentation augmentation) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            // On a GPU an item is a pixel, so that neighboring threads access neighboring memory.
            var perItem = TBackend.IsGpu ? 1 : shape.Width;
            var items = shape.SampleLength / perItem;
            var kernel = new MaskGatherKernel<TBackend, TVector>
            {
                Masks = launcher.Bind(masks),
                Order = launcher.Bind(order),
                StepState = launcher.Bind(stepState),
                Labels = launcher.Bind(labels),
                Samples = shape.Samples,
                OrderLength = order.Length,
                Height = shape.Height,
                Width = shape.Width,
                PixelsPerItem = perItem,
                ItemsPerSample = items,
                ByItems = FastDivMod.By(items),
                ByWidth = FastDivMod.By(shape.Width),
                Flip = augmentation.Flip,
                DrawsPerEpoch = augmentation.DrawsPerEpoch,
                MaxShift = augmentation.Shift,
                Reflects = augmentation.ReflectsShift ? 1 : 0,
                Seed0 = (uint)augmentation.Seed,
                Seed1 = (uint)(augmentation.Seed >> 32),
            };
            launcher.Launch(kernel, checked(shape.Batch * items), 60 + 4 * perItem);
        }
    }

    private readonly struct TransformedOperation(
        BatchShape shape, DeviceView masks, DeviceView order, DeviceView stepState, DeviceView labels, DeviceView transforms) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var perItem = TBackend.IsGpu ? 1 : shape.Width;
            var items = shape.SampleLength / perItem;
            var kernel = new TransformedMaskGather<TBackend, TVector>
            {
                Masks = launcher.Bind(masks),
                Order = launcher.Bind(order),
                StepState = launcher.Bind(stepState),
                Transforms = launcher.Bind(transforms),
                Labels = launcher.Bind(labels),
                Samples = shape.Samples,
                OrderLength = order.Length,
                Height = shape.Height,
                Width = shape.Width,
                PixelsPerItem = perItem,
                ItemsPerSample = items,
                ByItems = FastDivMod.By(items),
                ByWidth = FastDivMod.By(shape.Width),
            };
            launcher.Launch(kernel, checked(shape.Batch * items), 60 + 12 * perItem);
        }
    }
}
