using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Regularization;
using Gpu.Tests.Oracles;
using static Gpu.Cli.Checks.DropoutChecks;

namespace Gpu.Tests.Regularization;

[OracleFor(typeof(DropoutKernel<,,>), typeof(SharedDropoutKernel<,,>))]
public class DropoutTests
{
    public static TheoryData<string, string> Checks => Oracle.Cases(typeof(DropoutChecks));

    [Theory]
    [MemberData(nameof(Checks))]
    public void AgreesWithTheReference(string check, string device) => Oracle.Run(typeof(DropoutChecks), check, device);

    [Fact]
    public void AllDevicesAndThreadCountsGiveTheSameBits()
    {
        const int count = 5000;
        int[]? expected = null;
        foreach (var device in TestDevices.Names)
        {
            using var oracle = new Oracle(device, seed: 2);
            var output = oracle.Output(count);
            Dropout.Forward(oracle.Device, 0.4f, Seed, State(oracle, 7), oracle.Upload(oracle.Uniform(count)), output);
            var bits = oracle.DownloadInts(output);
            expected ??= bits;
            Assert.Equal(expected, bits);
        }

        foreach (var threads in new[] { 1, 2, 3, 5 })
        {
            using var device = new CpuDevice(threads);
            using var buffer = device.Allocate(StepStateLayout.Words + 3 * 40_000);
            var state = new int[StepStateLayout.Words];
            state[StepStateLayout.Draw] = 7;
            device.Upload<int>(state, buffer.View.First(StepStateLayout.Words));
            var ones = new float[40_000];
            Array.Fill(ones, 1);
            var x = buffer.View.Slice(StepStateLayout.Words, ones.Length);
            device.Upload<float>(ones, x);
            Dropout.Forward(device, 0.4f, Seed, buffer.View.First(StepStateLayout.Words), x, x);
            var got = new float[ones.Length];
            device.Download<float>(x, got);
            Assert.Equal(Mask(ones.Length, 0.4f, Seed, 7), got.Select(value => value != 0));
        }
    }

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.8f)]
    public void MaskIsUncorrelatedAndHasTheRightProbability(float probability)
    {
        const int count = 1 << 18;
        var mask = Drawn(count, probability, Seed, 1);
        var deviation = Math.Sqrt(probability * (1 - probability) / count);
        Assert.InRange(mask.Count(kept => !kept) / (double)count, probability - 4 * deviation, probability + 4 * deviation);

        // The mask agrees with shifted masks and with those of other draws and seeds as often as independent masks would.
        var agree = probability * probability + (1 - probability) * (1 - probability);
        var tolerance = 5 * Math.Sqrt(agree * (1 - agree) / count);
        foreach (var distance in new[] { 1, 2, 15, 16, 17, 32, 48, 64, 1024 })
            Assert.InRange(Agreement(mask.AsSpan(distance), mask.AsSpan(0, count - distance)), agree - tolerance, agree + tolerance);
        foreach (var (seed, draw) in new[] { (Seed, 2), (Seed + 1, 1), (Seed ^ (1ul << 40), 1) })
            Assert.InRange(Agreement(mask, Drawn(count, probability, seed, draw)), agree - tolerance, agree + tolerance);
    }

    [Fact]
    public void InvalidArgumentsThrow()
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 3);
        var (view, state) = (oracle.Output(8), State(oracle, 1));
        foreach (var probability in new[] { -0.1f, 1.1f, float.NaN })
            Assert.Equal("probability", Assert.Throws<ArgumentException>(() => Dropout.Forward(oracle.Device, probability, 1, state, view, view)).ParamName);
        Assert.Equal("stepState", Assert.Throws<ArgumentException>(() => Dropout.Forward(oracle.Device, 0.5f, 1, view, view, view)).ParamName);
        Assert.Equal("output", Assert.Throws<ArgumentException>(() => Dropout.Forward(oracle.Device, 0.5f, 1, state, view, state)).ParamName);
    }

    private static double Agreement(ReadOnlySpan<bool> a, ReadOnlySpan<bool> b)
    {
        var same = 0;
        for (var i = 0; i < a.Length; i++) same += a[i] == b[i] ? 1 : 0;
        return same / (double)a.Length;
    }

    private static bool[] Drawn(int count, float probability, ulong seed, int draw)
    {
        using var oracle = new Oracle(TestDevices.Names.First(), seed: 4);
        var ones = new float[count];
        Array.Fill(ones, 1);
        var output = oracle.Output(count);
        Dropout.Forward(oracle.Device, probability, seed, State(oracle, draw), oracle.Upload(ones), output);
        return Array.ConvertAll(oracle.Download(output), value => value != 0);
    }
}
