using Gpu.Kernels.Launching;
using Gpu.Kernels.Steps;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Steps;

[OracleFor(typeof(StepAdvance<,>))]
public class StepAdvanceTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void TakesOneEntryAfterTheOther(string device)
    {
        using var oracle = new Oracle(device, 1);
        const int entries = 5;
        var words = new int[StepTableWords.Length(entries)];
        for (var i = StepTableWords.Entries; i < words.Length; i++) words[i] = 1000 + i;
        var table = oracle.Upload(words);
        var state = oracle.Upload(Enumerable.Repeat(-7, StepState.Words).ToArray());
        var list = new CommandList(oracle.Device);
        StepTables.Advance(list, table, state);
        for (var entry = 0; entry < entries; entry++)
        {
            list.Run();
            var got = oracle.DownloadInts(state);
            var first = 1000 + StepTableWords.Length(entry);
            Assert.Equal(Enumerable.Range(first, 5), got[..5]);
            Assert.All(got[5..], word => Assert.Equal(-7, word));
        }

        words[StepTableWords.Next] = entries;
        Assert.Equal(words, oracle.DownloadInts(table));
    }

    [Fact]
    public void ShortViewsAreRefused()
    {
        using var device = new CpuDevice(threads: 1);
        using var buffer = device.Allocate(100);
        Assert.Throws<ArgumentException>(() => StepTables.Advance(device, buffer.View.First(20), buffer.View.First(StepState.Words)));
        Assert.Throws<ArgumentException>(() => StepTables.Advance(device, buffer.View, buffer.View.First(5)));
    }
}
