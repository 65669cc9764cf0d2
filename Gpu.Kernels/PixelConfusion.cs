using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Segmentation;

namespace Gpu.Kernels;

/// <summary>
/// The confusion matrix of pixels, counted on the device: how many pixels of each class were predicted as each class. Pixel accuracy and intersection over
/// union follow from it. A count is two words, low and high, so that no data set is too large.
/// </summary>
public static class PixelConfusion
{
    /// <summary>The words of a count hold numbers below this: count = low + Base * high.</summary>
    internal const int Base = 1 << 30;

    // Parts of a batch: as many as keep their counts below this number of words.
    private const int MaxWords = 1 << 20, MaxParts = 256;

    /// <summary>Words of the counters, with memory for the counts of the parts of a batch.</summary>
    /// <param name="classes">classes, 2 to <see cref="PixelLoss.MaxClasses"/></param>
    public static int Words(int classes) => (2 + Parts(classes)) * classes * classes;

    /// <summary>
    /// Adds a batch to the counters. The prediction of a pixel is the class of its largest logit; of equal ones the first, and a NaN is never larger.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="pixels">pixels of the batch, at least 1</param>
    /// <param name="classes">classes, 2 to <see cref="PixelLoss.MaxClasses"/></param>
    /// <param name="logits">[pixels, classes]</param>
    /// <param name="labels">integers [pixels]; labels outside of 0 to <paramref name="classes"/> - 1 do not count</param>
    /// <param name="counters">the counters, <see cref="Words"/> words</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">a size is out of range</exception>
    public static void Accumulate(IExecutor executor, int pixels, int classes, DeviceView logits, DeviceView labels, DeviceView counters)
    {
        PixelLoss.CheckSizes(1, pixels, classes);
        logits.Require(ShapeLimits.Length("the logits", pixels, classes), nameof(logits));
        labels.Require(pixels, nameof(labels));
        counters.Require(Words(classes), nameof(counters));
        Operands.Check(executor, [new(counters, nameof(counters))], [new(logits, nameof(logits)), new(labels, nameof(labels))]);
        executor.Execute(new AccumulateOperation(pixels, classes, logits, labels, counters));
    }

    /// <summary>Sets the counters to zero. Newly allocated memory is zero already.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="classes">classes, 2 to <see cref="PixelLoss.MaxClasses"/></param>
    /// <param name="counters">the counters, <see cref="Words"/> words</param>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">a size is out of range</exception>
    public static void Reset(IExecutor executor, int classes, DeviceView counters)
    {
        PixelLoss.CheckSizes(1, 1, classes);
        counters.Require(Words(classes), nameof(counters));
        Operands.Check(executor, [new(counters, nameof(counters))], []);
        executor.Execute(new ResetOperation(2 * classes * classes, counters));
    }

    /// <summary>Reads the counters. Waits until the device has finished.</summary>
    /// <param name="device">the device of the view</param>
    /// <param name="classes">classes, 2 to <see cref="PixelLoss.MaxClasses"/></param>
    /// <param name="counters">the counters, <see cref="Words"/> words</param>
    /// <returns>[classes, classes]: element [i, j] counts the pixels of class i that were predicted as class j</returns>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    public static long[,] Read(ComputeDevice device, int classes, DeviceView counters)
    {
        ArgumentNullException.ThrowIfNull(device);
        counters.Require(Words(classes), nameof(counters));
        var words = new int[2 * classes * classes];
        device.Download<int>(counters.First(words.Length), words);
        var counts = new long[classes, classes];
        for (var i = 0; i < classes * classes; i++) counts[i / classes, i % classes] = words[2 * i] + (long)Base * words[2 * i + 1];
        return counts;
    }

    private static int Parts(int classes) => Math.Clamp(MaxWords / (classes * classes), 1, MaxParts);

    private readonly struct AccumulateOperation(int pixels, int classes, DeviceView logits, DeviceView labels, DeviceView counters) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var perPart = IntMath.DivRoundUp(pixels, Parts(classes));
            var parts = IntMath.DivRoundUp(pixels, perPart);
            var memory = launcher.Bind(counters);
            var count = new PixelConfusionPart<TBackend, TVector>
            {
                Logits = launcher.Bind(logits), Labels = launcher.Bind(labels), Counters = memory, Pixels = pixels, Classes = classes, PixelsPerPart = perPart,
            };
            launcher.Launch(count, parts, classes * classes + perPart * (4 + 2 * classes));
            launcher.Launch(
                new PixelConfusionSum<TBackend, TVector> { Counters = memory, Parts = parts, Cells = classes * classes }, classes * classes, 4 + 2 * parts);
        }
    }

    private readonly struct ResetOperation(int words, DeviceView counters) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => launcher.Launch(new PixelConfusionReset<TBackend, TVector> { Counters = launcher.Bind(counters) }, words, 1);
    }
}
