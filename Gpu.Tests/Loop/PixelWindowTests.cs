using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Loop;

namespace Gpu.Tests.Loop;

public class PixelWindowTests
{
    [Theory]
    [InlineData(8, 3, 37, 3)]
    [InlineData(16, 8, 40, 4)]
    [InlineData(24, 12, 100, 5)]
    [InlineData(64, 7, 20, 6)]
    public void EveryBatchFindsItsImages(int samples, int batch, int count, int imageBytes)
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate((samples * imageBytes / 4) + 5);
        using var window = new PixelWindow(device, memory.View, Fill, imageBytes, samples);
        var random = new Random(5);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var order = Enumerable.Range(0, count).ToArray();
            random.Shuffle(order);
            window.Begin(order);
            for (var from = 0; from < count; from += batch)
            {
                var size = Math.Min(batch, count - from);
                window.Require(from, size);
                var words = new int[memory.Length];
                device.Download<int>(memory.View, words);
                var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(words.AsSpan());
                for (var p = from; p < from + size; p++)
                {
                    var expected = new byte[imageBytes];
                    Fill(order[p], expected);
                    Assert.True(bytes.Slice(p % samples * imageBytes, imageBytes).SequenceEqual(expected), $"position {p} of epoch {epoch}");
                }
            }
        }

        static void Fill(int index, Span<byte> image)
        {
            for (var i = 0; i < image.Length; i++) image[i] = (byte)((index * 31) + i);
        }
    }

    [Fact]
    public void AnErrorOfTheReaderReachesTheCaller()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(100);
        using var window = new PixelWindow(device, memory.View, (index, image) =>
        {
            if (index == 6) throw new DatasetException("damaged");
        }, imageBytes: 4, samples: 8);
        window.Begin([.. Enumerable.Range(0, 12)]);
        window.Require(0, 4);
        Assert.Throws<DatasetException>(() => window.Require(4, 4));
    }
}
