using Gpu.Kernels;
using Gpu.Kernels.Segmentation;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Segmentation;

[OracleFor(typeof(MaskGatherKernel<,>))]
public class MaskGatherTests
{
    // Images whose pixels are their labels show where each pixel came from: image and mask must move alike.
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void MasksMoveLikeTheirImages(string device)
    {
        using var oracle = new Oracle(device, seed: 86);
        foreach (var (height, width) in new[] { (1, 1), (5, 7), (16, 16), (9, 33) })
        {
            foreach (var augmentation in new[] { default, new Augmentation(true, 0, 3), new Augmentation(false, 1, 4), new Augmentation(true, 1, 5) })
            {
                const int samples = 6, batch = 5;
                var shape = new BatchShape(samples, batch, height, width, 1);
                // Never 0, which the images have outside.
                var bytes = oracle.Labels(shape.SampleLength * samples, 200).Select(x => (byte)(x + 1)).ToArray();
                var memory = new byte[4 * shape.DataWords];
                bytes.CopyTo(memory, 0);
                var (data, order) = (oracle.Upload(memory), oracle.Upload(new[] { 3, 0, 5, 1, 3, 2 }));
                var step = new int[StepStateLayout.Words];
                (step[StepStateLayout.BatchStart], step[StepStateLayout.Draw]) = (2, 11);
                var state = oracle.Upload(step);
                var labels = oracle.Output(shape.BatchLength);
                MaskGather.Run(oracle.Device, shape, data, order, state, labels, augmentation);
                var images = oracle.Output(shape.BatchLength);
                BatchGather.Run(
                    oracle.Device, shape, data, default, order, state, oracle.Upload(PixelNormalization.Pattern([0f], [1f / 255])), images, default,
                    augmentation);
                var expected = oracle.Download(images).Select(x => (int)MathF.Round(x)).Select(x => x == 0 ? PixelLoss.Void : x).ToArray();
                Assert.Equal(expected, oracle.DownloadInts(labels));
                // The last position is past the end of the order.
                Assert.All(oracle.DownloadInts(labels)[^shape.SampleLength..], label => Assert.Equal(PixelLoss.Void, label));
            }
        }
    }
}
