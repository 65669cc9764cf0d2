using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of confusion of pixels.</summary>
internal static class PixelConfusionChecks
{
    [OperationCheck("confusion of pixels", 84)]
    public static void CountsEachPixelOnce(Checker checker)
    {
        foreach (var classes in new[] { 2, 4, 21, 255 })
        {
            var counters = checker.Upload(new int[PixelConfusion.Words(classes)]);
            var expected = new long[classes, classes];
            foreach (var pixels in classes > 100 ? [40] : new[] { 1, 255, 700 })
            {
                // Few values, so that some are equal: the first class wins.
                var logits = checker.Labels(pixels * classes, 9).Select(x => (float)x).ToArray();
                var labels = checker.Labels(pixels, classes + 1).Select(label => label == classes ? PixelLoss.Void : label).ToArray();
                PixelConfusion.Accumulate(checker.Device, pixels, classes, checker.Upload(logits), checker.Upload(labels), counters);
                for (var i = 0; i < pixels; i++)
                {
                    var row = logits[(i * classes)..((i + 1) * classes)];
                    if (labels[i] != PixelLoss.Void) expected[labels[i], Array.IndexOf(row, row.Max())]++;
                }
            }

            Require.Equal(expected.Cast<long>(), PixelConfusion.Read(checker.Device, classes, counters).Cast<long>());
            PixelConfusion.Reset(checker.Device, classes, counters);
            Require.Equal(new long[classes * classes], PixelConfusion.Read(checker.Device, classes, counters).Cast<long>());
        }
    }

    [OperationCheck("confusion of many pixels", 85)]
    public static void CountsBeyond32Bits(Checker checker)
    {
        var words = new int[PixelConfusion.Words(2)];
        (words[0], words[1]) = (PixelConfusion.Base - 1, 7);
        var counters = checker.Upload(words);
        PixelConfusion.Accumulate(checker.Device, 2, 2, checker.Upload(new float[4]), checker.Upload(new int[2]), counters);
        Require.Equal(8L * PixelConfusion.Base + 1, PixelConfusion.Read(checker.Device, 2, counters)[0, 0]);
    }
}
