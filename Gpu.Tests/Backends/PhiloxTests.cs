using Gpu.Kernels;

namespace Gpu.Tests.Backends;

public class PhiloxTests
{
    /// <summary>Known-answer vectors of Random123 (file kat_vectors) for philox4x32 with 10 rounds: counter, key, result.</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)]
    [InlineData(
        0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)]
    [InlineData(
        0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)]
    public void GeneratesTheKnownAnswerVectors(uint c0, uint c1, uint c2, uint c3, uint key0, uint key1, uint word0, uint word1, uint word2, uint word3)
    {
        Philox.Generate(key0, key1, ref c0, ref c1, ref c2, ref c3);
        Assert.Equal((word0, word1, word2, word3), (c0, c1, c2, c3));
    }

    [Fact]
    public void UniformNumbersAreFromZeroToBelowOne()
    {
        Assert.Equal(0f, Philox.ToUniform(0));
        Assert.Equal(1f - 1f / 16777216f, Philox.ToUniform(uint.MaxValue));
    }
}
