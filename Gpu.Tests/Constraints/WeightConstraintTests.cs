using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Constraints;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Constraints;

[OracleFor(typeof(MaxNormKernel<,>), typeof(MatrixColumnDot<,>), typeof(MatrixRowDot<,>), typeof(SpectralNormFinish<,>), typeof(SpectralNormScale<,>))]
public class WeightConstraintTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(WeightConstraintChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(WeightConstraintChecks), check, device);

    [Fact]
    public void TheEstimateConvergesToTheLargestSingularValue()
    {
        // Singular values 3, 2 and 0.5: diagonal, with rotated rows and columns.
        double[,] rotation = { { 0.6, -0.8, 0 }, { 0.8, 0.6, 0 }, { 0, 0, 1 } };
        double[] values = [2, 0.5, 3];
        var weights = new float[9];
        for (var r = 0; r < 3; r++)
            for (var c = 0; c < 3; c++)
                for (var k = 0; k < 3; k++) weights[r * 3 + c] += (float)(rotation[r, k] * values[k] * rotation[c, k]);
        using var oracle = new Oracle("cpu128", seed: 53);
        var view = oracle.Upload(weights);
        var state = oracle.Upload([0.4f, 0.7f, 0.2f, .. new float[13]]);
        var workspace = oracle.Output(WeightConstraints.SpectralWorkspaceLength(3, 3));
        for (var i = 0; i < 30; i++) WeightConstraints.SpectralNorm(oracle.Device, 3, 3, view, 100, state, workspace);
        Assert.Equal(3, oracle.Download(workspace)[0], 1e-5);
        WeightConstraints.SpectralNorm(oracle.Device, 3, 3, view, 1.5f, state, workspace);
        oracle.Compare("spectral norm, scaled", [.. weights.Select(w => w / 2.0)], view, 1e-5);
    }

    [Fact]
    public void AZeroMatrixStaysAndKeepsTheVector()
    {
        using var oracle = new Oracle("cpu128", seed: 54);
        var view = oracle.Upload(new float[6]);
        var state = oracle.Upload([1f, 2f, .. new float[14]]);
        WeightConstraints.SpectralNorm(oracle.Device, 2, 3, view, 1, state, oracle.Output(WeightConstraints.SpectralWorkspaceLength(2, 3)));
        WeightConstraints.MaxNorm(oracle.Device, 2, 3, view, 1);
        Assert.All(oracle.Download(view), w => Assert.Equal(0f, w));
        Assert.Equal([1f, 2f], oracle.Download(state)[..2]);
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var device = new CpuDevice(threads: 1);
        using var memory = device.Allocate(256);
        var view = memory.View;
        Assert.Contains("must hold 6", Assert.Throws<ArgumentException>(() => WeightConstraints.MaxNorm(device, 2, 3, view.First(5), 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightConstraints.MaxNorm(device, 2, 3, view.First(6), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightConstraints.MaxNorm(device, 0, 3, view.First(6), 1));
        Assert.Contains(
            "state", Assert.Throws<ArgumentException>(() => WeightConstraints.SpectralNorm(device, 2, 3, view.First(6), 1, view.First(2), view)).Message);
    }
}
