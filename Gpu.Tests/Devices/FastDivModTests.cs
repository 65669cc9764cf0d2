using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

public class FastDivModTests
{
    [Fact]
    public void EqualsIntegerDivision()
    {
        var random = new Random(3);
        var values = Enumerable.Range(1, 300).Concat(Enumerable.Range(0, 31).SelectMany(bit => new[] { 1 << bit, (1 << bit) + 1, int.MaxValue >> bit }))
            .Concat(Enumerable.Range(0, 300).Select(_ => random.Next(1, int.MaxValue) >> random.Next(0, 30))).Where(value => value > 0);
        foreach (var value in values)
        {
            var divisor = FastDivMod.By(value);
            var multiples = Enumerable.Range(0, 50)
                .Select(_ => (int)(random.NextInt64(0, int.MaxValue / value + 1L) * value)).Append(int.MaxValue / value * value);
            foreach (var number in multiples.SelectMany(multiple => new[] { Math.Max(0, multiple - 1), multiple }).Append(int.MaxValue).Append(random.Next()))
                Assert.True(number / value == divisor.Divide(number), $"{number} / {value}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void NonPositiveDivisorThrows(int value) => Assert.Throws<ArgumentOutOfRangeException>(() => FastDivMod.By(value));
}
