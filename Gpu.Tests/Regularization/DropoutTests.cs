using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Regularization;
using Gpu.Tests.Oracles;
using Gpu.Tests.Pooling;

namespace Gpu.Tests.Regularization;

[OracleFor(typeof(DropoutKernel<,,>), typeof(SharedDropoutKernel<,,>))]
public class DropoutTests
{
    private const ulong Seed = 0x0123_4567_89AB_CDEF;

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 1);
        (int, float)[] cases = [(1, 0.5f), (15, 0.25f), (16, 0.5f), (17, 0.1f), (63, 0.5f), (64, 0.9f), (65, 0.5f), (130, 0f), (77, 1f), (1000, 0.3f)];
        foreach (var (count, probability) in cases)
        {
            var draw = oracle.Next(0, 1000) - 500;
            var state = State(oracle, draw);
            var (input, gradient) = (oracle.Uniform(count), oracle.Uniform(count));
            var keep = Mask(count, probability, Seed, draw);
            var scale = 1 / (1 - (double)probability);
            var x = oracle.Upload(input);
            var output = oracle.Output(count);
            Dropout.Forward(oracle.Device, probability, Seed, state, x, output);
            oracle.Compare("dropout forward", [.. input.Select((value, i) => keep[i] ? value * scale : 0)], output, 1e-6, shape: $"{count}");

            double[] expected = [.. gradient.Select((value, i) => keep[i] ? value * scale : 0)];
            var g = oracle.Upload(gradient);
            Pool2dTests.CheckGradient(oracle, "dropout backward", $"{count}", input, expected, (target, gate, accumulate) =>
                Dropout.Backward(oracle.Device, probability, Seed, state, g, target, gate, x, accumulate));

            Dropout.Forward(oracle.Device, probability, Seed, state, x, x);
            Assert.Equal(oracle.Download(output), oracle.Download(x));
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void WholeChannelsAndSamplesAgreeWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 5);
        (DropoutShape, float)[] cases =
        [
            (new(1, 1, 1, DropoutUnit.Channel), 0.5f), (new(3, 9, 5, DropoutUnit.Channel), 0.4f), (new(2, 65, 17, DropoutUnit.Channel), 0.3f),
            (new(2, 130, 16, DropoutUnit.Channel), 0.5f), (new(4, 3, 3, DropoutUnit.Channel), 1f), (new(5, 9, 5, DropoutUnit.Sample), 0.5f),
            (new(6, 1, 33, DropoutUnit.Sample), 0.3f), (new(4, 70, 8, DropoutUnit.Sample), 0f),
        ];
        foreach (var (shape, probability) in cases)
        {
            var draw = oracle.Next(0, 1000);
            var state = State(oracle, draw);
            var (input, gradient) = (oracle.Uniform(shape.Length), oracle.Uniform(shape.Length));
            var scale = 1 / (1 - (double)probability);
            bool Keeps(int i)
            {
                var sample = i / (shape.Pixels * shape.Channels);
                return DropoutMask.KeepsTogether(
                    Seed, (uint)draw, shape.Unit == DropoutUnit.Sample ? sample : sample * shape.Channels + i % shape.Channels, probability);
            }

            var x = oracle.Upload(input);
            var output = oracle.Output(shape.Length);
            Dropout.ForwardShared(oracle.Device, shape, probability, Seed, state, x, output);
            oracle.Compare("shared dropout forward", [.. input.Select((value, i) => Keeps(i) ? value * scale : 0)], output, 1e-6, shape: $"{shape}");
            var g = oracle.Upload(gradient);
            Pool2dTests.CheckGradient(
                oracle, "shared dropout backward", $"{shape}", input, [.. gradient.Select((value, i) => Keeps(i) ? value * scale : 0)],
                (target, gate, accumulate) => Dropout.BackwardShared(oracle.Device, shape, probability, Seed, state, g, target, gate, x, accumulate));
            Dropout.ForwardShared(oracle.Device, shape, probability, Seed, state, x, x);
            Assert.Equal(oracle.Download(output), oracle.Download(x));
        }
    }

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

    private static DeviceView State(Oracle oracle, int draw)
    {
        var words = new int[StepStateLayout.Words];
        words[StepStateLayout.Draw] = draw;
        return oracle.Upload(words);
    }

    private static bool[] Mask(int count, float probability, ulong seed, int draw) =>
        [.. Enumerable.Range(0, count).Select(element => DropoutMask.Keeps(seed, (uint)draw, element, probability))];
}
