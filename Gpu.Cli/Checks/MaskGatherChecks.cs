using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of batches of masks.</summary>
internal static class MaskGatherChecks
{
    // Images whose pixels are their labels show where each pixel came from: image and mask must move alike.
    [OperationCheck("batches of masks", 86)]
    public static void MasksMoveLikeTheirImages(Checker checker)
    {
        foreach (var (height, width) in new[] { (1, 1), (5, 7), (16, 16), (9, 33) })
        {
            Augmentation[] augmentations =
            [
                default, new(true, 0, 3), new(false, 1, 4), new(true, 1, 5), new(false, 3, 6) { ReflectsShift = true },
                new(true, 2, 7) { ReflectsShift = true },
            ];
            foreach (var augmentation in augmentations)
            {
                if (augmentation.Mistake(height, width, 1) is not null) continue;
                const int samples = 6, batch = 5;
                var shape = new BatchShape(samples, batch, height, width, 1);
                // Never 0, which the images have outside.
                var bytes = checker.Labels(shape.SampleLength * samples, 200).Select(x => (byte)(x + 1)).ToArray();
                var memory = new byte[4 * shape.DataWords];
                bytes.CopyTo(memory, 0);
                var (data, order) = (checker.Upload(memory), checker.Upload(new[] { 3, 0, 5, 1, 3, 2 }));
                var step = new int[StepStateLayout.Words];
                (step[StepStateLayout.BatchStart], step[StepStateLayout.Draw]) = (2, 11);
                var state = checker.Upload(step);
                var labels = checker.Output(shape.BatchLength);
                MaskGather.Run(checker.Device, shape, data, order, state, labels, augmentation);
                var images = checker.Output(shape.BatchLength);
                BatchGather.Run(
                    checker.Device, shape, data, default, order, state, checker.Upload(PixelNormalization.Pattern([0f], [1f / 255])), images, default,
                    augmentation);
                var expected = checker.Download(images).Select(x => (int)MathF.Round(x)).Select(x => x == 0 ? PixelLoss.Void : x).ToArray();
                Require.Equal(expected, checker.DownloadInts(labels));
                // The last position is past the end of the order.
                Require.All(checker.DownloadInts(labels)[^shape.SampleLength..], label => Require.Equal(PixelLoss.Void, label));
            }
        }
    }

    // A map of doubles as the reference of the images makes it; where its position lies between two pixels, both labels are right.
    [OperationCheck("transformed batches of masks", 87)]
    public static void MasksMoveWithTheAffineMapsOfTheirImages(Checker checker)
    {
        foreach (var shape in AugmentationChecks.Shapes)
        {
            foreach (var augmentation in AugmentationChecks.Augmentations.Where(a => !a.MixesSamples))
            {
                if (augmentation.Mistake(shape.Height, shape.Width, shape.Channels) is not null) continue;
                var set = new AugmentationChecks.Set(checker, shape);
                var (start, draw) = (checker.Next(0, 2), checker.Next(0, 1000));
                var masks = checker.Labels(shape.Samples * shape.Height * shape.Width, 200).Select(x => (byte)x).ToArray();
                var labels = set.GatherMasks(start, draw, augmentation, masks);
                var wrong = 0;
                foreach (var (i, allowed) in set.ExpectedMasks(start, draw, augmentation, masks).Index())
                    if (!allowed.Contains(labels[i])) wrong++;
                Require.Equal(0, wrong);
            }
        }
    }

    [OperationCheck("transformed masks of missing samples", 88)]
    public static void MissingSamplesAreVoid(Checker checker)
    {
        var shape = new BatchShape(5, 4, 3, 4, 1);
        var set = new AugmentationChecks.Set(checker, shape);
        var masks = new byte[shape.Samples * shape.SampleLength];
        // The third position has an index outside the data set; the fourth lies beyond the end of the order.
        set.Order[^1] = shape.Samples;
        var labels = set.GatherMasks(set.Order.Length - 3, 5, new Augmentation(true, 0, AugmentationChecks.Seed) { ScaleFrom = 1, ScaleTo = 1 }, masks);
        Require.All(labels[..(2 * shape.SampleLength)], label => Require.Equal(0, label));
        Require.All(labels[(2 * shape.SampleLength)..], label => Require.Equal(PixelLoss.Void, label));
    }
}
