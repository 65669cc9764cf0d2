namespace Gpu.Tests.Vectors;

public class HashValuesTests
{
    [Fact]
    public void EqualTheValuesOfTheScript()
    {
        var hash = TrajectoryFile.Load().Hash;
        Assert.NotEmpty(hash.Values);
        var key = HashValues.Key(hash.Name);
        Assert.Equal(hash.Values, Enumerable.Range(0, hash.Values.Length).Select(i => HashValues.Integer(key, i)));
    }

    /// <summary>The published test vector of FNV-1a, and the first output of SplitMix64 from state 0.</summary>
    [Fact]
    public void EqualPublishedTestVectors()
    {
        Assert.Equal(0xAF63DC4C8601EC8Cul, HashValues.Key("a"));
        Assert.Equal((int)(0xE220A8397B1DCDAFul >> 40), HashValues.Integer(0, 0));
    }
}
