using Gpu.Training.Planning;

namespace Gpu.Tests.Planning;

public class ArenaLayoutTests
{
    [Fact]
    public void BlocksWithOverlappingLifetimesDoNotOverlap()
    {
        var random = new Random(3);
        for (var round = 0; round < 50; round++)
        {
            var blocks = Enumerable.Range(0, 30).Select(i => Block($"s{i}", random.Next(1, 500), random.Next(40), random.Next(1, 10))).ToArray();
            var total = ArenaLayout.AssignOffsets(blocks);
            foreach (var a in blocks)
            {
                Assert.Equal(0, a.Offset % ArenaLayout.Alignment);
                Assert.InRange(a.Offset + a.Words, 0, total);
                foreach (var b in blocks)
                {
                    if (a == b || a.LastUse < b.FirstUse || b.LastUse < a.FirstUse) continue;
                    Assert.True(a.Offset + a.Words <= b.Offset || b.Offset + b.Words <= a.Offset, $"{a.Name} and {b.Name} overlap");
                }
            }
        }
    }

    [Fact]
    public void MemoryIsReused()
    {
        // In a chain, each block lives at the same time as its successor only, so the space of two blocks suffices.
        var chain = Enumerable.Range(0, 10).Select(i => Block($"s{i}", 160, i, 1)).ToArray();
        Assert.Equal(320, ArenaLayout.AssignOffsets(chain));
    }

    [Fact]
    public void TooManyWordsThrow()
    {
        var two = new[] { Block("a", int.MaxValue - 100, 0, 1), Block("b", 1000, 0, 1) };
        Assert.Contains("smaller batch", Assert.Throws<Gpu.Training.Models.ModelException>(() => ArenaLayout.AssignOffsets(two)).Message);
    }

    private static ArenaBlock Block(string name, long words, int from, int length)
    {
        var block = new ArenaBlock(name, words);
        block.ExtendLifetime(from);
        block.ExtendLifetime(from + length);
        return block;
    }
}
