using Gpu.Kernels;
using Gpu.Kernels.Segmentation;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Segmentation;

[OracleFor(typeof(PixelConfusionPart<,>), typeof(PixelConfusionSum<,>), typeof(PixelConfusionReset<,>))]
public class PixelConfusionTests
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void CountsEachPixelOnce(string device)
    {
        using var oracle = new Oracle(device, seed: 84);
        foreach (var classes in new[] { 2, 4, 21, 255 })
        {
            var counters = oracle.Upload(new int[PixelConfusion.Words(classes)]);
            var expected = new long[classes, classes];
            foreach (var pixels in classes > 100 ? [40] : new[] { 1, 255, 700 })
            {
                // Few values, so that some are equal: the first class wins.
                var logits = oracle.Labels(pixels * classes, 9).Select(x => (float)x).ToArray();
                var labels = oracle.Labels(pixels, classes + 1).Select(label => label == classes ? PixelLoss.Void : label).ToArray();
                PixelConfusion.Accumulate(oracle.Device, pixels, classes, oracle.Upload(logits), oracle.Upload(labels), counters);
                for (var i = 0; i < pixels; i++)
                {
                    var row = logits[(i * classes)..((i + 1) * classes)];
                    if (labels[i] != PixelLoss.Void) expected[labels[i], Array.IndexOf(row, row.Max())]++;
                }
            }

            Assert.Equal(expected, PixelConfusion.Read(oracle.Device, classes, counters));
            PixelConfusion.Reset(oracle.Device, classes, counters);
            Assert.Equal(new long[classes, classes], PixelConfusion.Read(oracle.Device, classes, counters));
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void CountsBeyond32Bits(string device)
    {
        using var oracle = new Oracle(device, seed: 85);
        var words = new int[PixelConfusion.Words(2)];
        (words[0], words[1]) = (PixelConfusion.Base - 1, 7);
        var counters = oracle.Upload(words);
        PixelConfusion.Accumulate(oracle.Device, 2, 2, oracle.Upload(new float[4]), oracle.Upload(new int[2]), counters);
        Assert.Equal(8L * PixelConfusion.Base + 1, PixelConfusion.Read(oracle.Device, 2, counters)[0, 0]);
    }
}
