using Gpu.Tests.Oracles;

namespace Gpu.Tests.Trajectories;

/// <summary>Compares numbers of a trajectory with PyTorch's and records the errors.</summary>
internal sealed class Comparison(string network, string device)
{
    /// <summary>Asserts |got - expected| / |expected| &lt;= tolerance.</summary>
    public void Relative(string what, double expected, double got, double tolerance, string where) =>
        Scaled(what, expected, got, Math.Abs(expected), tolerance, where);

    /// <summary>Asserts |got - expected| / scale &lt;= tolerance.</summary>
    public void Scaled(string what, double expected, double got, double scale, double tolerance, string where)
    {
        var error = Math.Abs(got - expected) / scale;
        OracleReport.Record($"trajectory of {network}: {what}", device, error);
        Assert.True(
            error <= tolerance,
            $"{what} of {network} on {device} {where} is {got:R}, but PyTorch has {expected:R}; relative error {error:E2} > {tolerance:E2}");
    }
}
