using Gpu.Kernels.Backends;

namespace Gpu.Tests.Backends;

public class IntMathTests
{
    [Theory]
    [InlineData(0, 7, 0)]
    [InlineData(1, 7, 1)]
    [InlineData(7, 7, 1)]
    [InlineData(8, 7, 2)]
    [InlineData(int.MaxValue, 128, 16_777_216)]
    [InlineData(int.MaxValue, 1, int.MaxValue)]
    public void DivisionRoundsUp(int count, int size, int expected) => Assert.Equal(expected, IntMath.DivRoundUp(count, size));

    [Fact]
    public void RoundUpGivesTheNextMultiple()
    {
        Assert.Equal((0, 16, 16, 32), (IntMath.RoundUp(0, 16), IntMath.RoundUp(1, 16), IntMath.RoundUp(16, 16), IntMath.RoundUp(17, 16)));
        Assert.Throws<OverflowException>(() => IntMath.RoundUp(int.MaxValue, 16));
    }
}
