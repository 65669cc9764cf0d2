using Gpu.Kernels;
using Gpu.Kernels.Batches;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Batches;

[OracleFor(typeof(RowGatherKernel<,>))]
public class RowGatherTests
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void CopiesRowsAndLabels(string device)
    {
        using var oracle = new Oracle(device, seed: 64);
        foreach (var (count, batch, length) in new[] { (1, 1, 1), (7, 5, 1), (9, 4, 2), (5, 3, 4), (6, 6, 17), (11, 8, 33), (3, 2, 4097), (20, 16, 64) })
        {
            var rows = oracle.Uniform(count * length);
            var labels = oracle.Labels(count, 10);
            // The last index is outside of the table, and the batch continues past the end of the order.
            var order = oracle.Labels(batch + 1, count);
            order[batch] = count;
            var step = new int[StepStateLayout.Words];
            step[StepStateLayout.BatchStart] = 2;
            var (output, outputLabels) = (oracle.Output(batch * length), oracle.Output(batch));
            RowGather.Run(
                oracle.Device, oracle.Upload(rows), length, oracle.Upload(labels), oracle.Upload(order), oracle.Upload(step), output, outputLabels);
            var sources = Enumerable.Range(2, batch).Select(i => i < batch ? order[i] : -1).ToArray();
            Assert.Equal(sources.Select(row => row < 0 ? -1 : labels[row]), oracle.DownloadInts(outputLabels));
            Assert.Equal(
                sources.SelectMany(row => row < 0 ? new float[length] : rows[(row * length)..((row + 1) * length)]), oracle.Download(output));
        }
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(100);
        var v = memory.View;
        Assert.Contains("whole rows", Assert.Throws<ArgumentException>(() =>
            RowGather.Run(device, v.First(7), 2, default, v.First(2), v.First(16), v.First(4), default)).Message);
        Assert.Contains("order of rows is empty", Assert.Throws<ArgumentException>(() =>
            RowGather.Run(device, v.First(8), 2, default, default, v.First(16), v.First(4), default)).Message);
    }
}
