using Gpu.Kernels;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Peaks;

namespace Gpu.Cli.Checks;

/// <summary>Checks of peak kernels.</summary>
internal static class PeakThroughputChecks
{
    [OperationCheck("peak kernels", 1)]
    public static void MultiplyAddsComputeAllChains(Checker checker)
    {
        const int rounds = 50;
        var output = checker.Output(64);
        PeakThroughput.MultiplyAdds(checker.Device, output, rounds);

        var expected = 0.0;
        for (var chain = 1; chain <= MultiplyAddPeak<GpuScalarBackend, float>.Chains; chain++)
        {
            var x = (double)chain;
            for (var i = 0; i < rounds; i++) x = x * 0.999f + 0.001f;
            expected += x;
        }

        checker.Compare("peak", [.. Enumerable.Repeat(expected, 64)], output);
        Require.Equal(64.0 * 2 * rounds * 12, PeakThroughput.MultiplyAddFlops(64, rounds));
    }

    [OperationCheck("copy kernels", 2)]
    public static void CopyGivesTheSameValues(Checker checker)
    {
        var values = checker.Uniform(!checker.IsSlow ? 8192 : 516);
        var output = checker.Output(values.Length);
        PeakThroughput.Copy(checker.Device, checker.Upload(values), output);
        Require.Equal(values, checker.Download(output));
    }
}
