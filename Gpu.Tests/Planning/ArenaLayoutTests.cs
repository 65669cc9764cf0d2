using Gpu.Training.Planning;

namespace Gpu.Tests.Planning;

public class ArenaLayoutTests
{
    [Fact]
    public void StretchesNeededAtOnceDoNotOverlap()
    {
        var random = new Random(3);
        for (var round = 0; round < 50; round++)
        {
            var stretches = Enumerable.Range(0, 30).Select(i => Needed($"s{i}", random.Next(1, 500), random.Next(40), random.Next(1, 10))).ToArray();
            var total = ArenaLayout.AssignOffsets(stretches);
            foreach (var a in stretches)
            {
                Assert.Equal(0, a.Offset % ArenaLayout.Alignment);
                Assert.InRange(a.Offset + a.Words, 0, total);
                foreach (var b in stretches)
                {
                    if (a == b || a.LastUse < b.FirstUse || b.LastUse < a.FirstUse) continue;
                    Assert.True(a.Offset + a.Words <= b.Offset || b.Offset + b.Words <= a.Offset, $"{a.Name} and {b.Name} overlap");
                }
            }
        }
    }

    [Fact]
    public void WordsAreUsedAgain()
    {
        // A chain in which each stretch is needed beside the one after it alone: two places suffice.
        var chain = Enumerable.Range(0, 10).Select(i => Needed($"s{i}", 160, i, 1)).ToArray();
        Assert.Equal(320, ArenaLayout.AssignOffsets(chain));
    }

    [Fact]
    public void TooMuchIsAnError()
    {
        var two = new[] { Needed("a", int.MaxValue - 100, 0, 1), Needed("b", 1000, 0, 1) };
        Assert.Contains("smaller batch", Assert.Throws<Gpu.Training.Models.ModelException>(() => ArenaLayout.AssignOffsets(two)).Message);
    }

    private static ArenaBlock Needed(string name, long words, int from, int length)
    {
        var stretch = new ArenaBlock(name, words);
        stretch.ExtendLifetime(from);
        stretch.ExtendLifetime(from + length);
        return stretch;
    }
}
