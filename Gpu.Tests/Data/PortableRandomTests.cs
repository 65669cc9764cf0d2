using Gpu.Training.Data;

namespace Gpu.Tests.Data;

public class PortableRandomTests
{
    // Computed by an independent program (Python integers) from the published definitions of SplitMix64 and xoshiro256**.
    [Theory]
    [InlineData(1UL, 0UL, 0xef75d62a19ba94edUL, 0x8e9490536375f270UL, 0xc05630b1c614195dUL, 0x66daa2d5136a8f29UL)]
    [InlineData(1UL, 5UL, 0xa5e8d4956d8e07a2UL, 0xdf6f7673ffa0bc11UL, 0xa5da6896277a0aecUL, 0xef25856f45c7dd3dUL)]
    [InlineData(ulong.MaxValue, 1UL << 40, 0x701b56f978a16a4UL, 0x3dbdb2d4f10dd6a7UL, 0x4e8ccd128b141797UL, 0xd9012217994811e1UL)]
    public void NumbersAreThoseOfXoshiro256StarStar(ulong seed, ulong stream, ulong a, ulong b, ulong c, ulong d)
    {
        var random = new PortableRandom(seed, stream);
        Assert.Equal([a, b, c, d], new[] { random.NextUInt64(), random.NextUInt64(), random.NextUInt64(), random.NextUInt64() });
    }

    [Fact]
    public void NormalMomentsAndUniformRangeAreCorrect()
    {
        var random = new PortableRandom(3);
        double sum = 0, squares = 0;
        const int Count = 100_000;
        for (var i = 0; i < Count; i++)
        {
            var x = random.NextApproximateNormal();
            sum += x;
            squares += x * x;
            Assert.InRange(random.NextDouble(2, 3), 2, 2.9999999999999996);
        }

        // Five standard errors of the mean (1 / sqrt(n)) and of the variance (about sqrt(2 / n)).
        Assert.InRange(sum / Count, -5 / Math.Sqrt(Count), 5 / Math.Sqrt(Count));
        Assert.InRange(squares / Count, 1 - (5 * Math.Sqrt(2.0 / Count)), 1 + (5 * Math.Sqrt(2.0 / Count)));
    }

    [Fact]
    public void IntegersAreUniformAndAShuffleIsAPermutation()
    {
        var random = new PortableRandom(4);
        var counts = new int[6];
        for (var i = 0; i < 60_000; i++)
            counts[random.NextInt32(6)]++;

        // Five standard deviations of a count: sqrt(n p (1 - p)).
        Assert.All(counts, count => Assert.InRange(count, 10_000 - 457, 10_000 + 457));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt32(0));

        var items = Enumerable.Range(0, 100).ToArray();
        random.Shuffle(items.AsSpan());
        Assert.NotEqual(Enumerable.Range(0, 100), items);
        Assert.Equal(Enumerable.Range(0, 100), items.Order());
    }
}
