using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Steps;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Steps;

[OracleFor(typeof(StepTableAdvance<,>))]
public class StepTableTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AdvanceCopiesTheEntriesInOrder(string device)
    {
        using var oracle = new Oracle(device, 1);
        const int entries = 5;
        var words = new int[StepTableLayout.Length(entries)];
        for (var i = StepTableLayout.Entries; i < words.Length; i++) words[i] = 1000 + i;
        var table = oracle.Upload(words);
        var state = oracle.Upload(Enumerable.Repeat(-7, StepStateLayout.Words).ToArray());
        var list = new CommandList(oracle.Device);
        StepTable.Advance(list, table, state);
        for (var entry = 0; entry < entries; entry++)
        {
            list.Run();
            var got = oracle.DownloadInts(state);
            var first = 1000 + StepTableLayout.Length(entry);
            Assert.Equal(Enumerable.Range(first, 5), got[..5]);
            Assert.All(got[5..], word => Assert.Equal(-7, word));
        }

        words[StepTableLayout.Next] = entries;
        Assert.Equal(words, oracle.DownloadInts(table));
    }

    [Fact]
    public void ShortViewsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var buffer = device.Allocate(100);
        Assert.Throws<ArgumentException>(() => StepTable.Advance(device, buffer.View.First(20), buffer.View.First(StepStateLayout.Words)));
        Assert.Throws<ArgumentException>(() => StepTable.Advance(device, buffer.View, buffer.View.First(5)));
    }
}
