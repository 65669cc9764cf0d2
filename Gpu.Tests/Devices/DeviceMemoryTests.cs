using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Devices;

/// <summary>Allocation, copies, views and disposal of memory on every kind of device.</summary>
public class DeviceMemoryTests
{
    public static TheoryData<string> Devices => ["cpu", "simulator", .. TestDevices.Cuda];

    [Theory]
    [MemberData(nameof(Devices))]
    public void MemoryIsZeroedAndCopiesRoundTrip(string name)
    {
        using var device = Open(name);
        using var buffer = device.Allocate(100);
        var words = new float[100];
        Array.Fill(words, 7);
        device.Download<float>(buffer.View, words);
        Assert.All(words, word => Assert.Equal(0, word));
        device.Upload<int>([1, 2, 3], buffer.View.Slice(10, 3));
        var ints = new int[5];
        device.Download<int>(buffer.View.Slice(9, 5), ints);
        Assert.Equal([0, 1, 2, 3, 0], ints);
        device.Clear(buffer.View.Slice(11, 1));
        device.Download<int>(buffer.View.Slice(9, 5), ints);
        Assert.Equal([0, 1, 0, 3, 0], ints);
        device.Upload<byte>([9, 8, 7, 6, 5], buffer.View.First(2));
        var bytes = new byte[5];
        device.Download<byte>(buffer.View.First(2), bytes);
        Assert.Equal([9, 8, 7, 6, 5], bytes);
    }

    // More copies than fit into the staging memory at once, and copies larger than the staging memory.
    [Theory]
    [MemberData(nameof(Devices))]
    public void ManyCopiesOfAllSizesRoundTrip(string name)
    {
        using var device = Open(name);
        using var buffer = device.Allocate(40_000);
        var random = new Random(3);
        var expected = new float[buffer.Length];
        for (var i = 0; i < 100; i++)
        {
            var values = new float[random.Next(1, i % 10 == 0 ? 40_000 : 17_000)];
            for (var k = 0; k < values.Length; k++) values[k] = random.NextSingle();
            var at = random.Next(0, expected.Length - values.Length + 1);
            device.Upload<float>(values, buffer.View.Slice(at, values.Length));
            values.CopyTo(expected, at);
            Array.Clear(values);
            if (i % 7 != 0) continue;
            var got = new float[values.Length];
            device.Download<float>(buffer.View.Slice(at, values.Length), got);
            Assert.Equal(expected[at..(at + values.Length)], got);
        }

        var all = new float[expected.Length];
        device.Download<float>(buffer.View, all);
        Assert.Equal(expected, all);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void AllocatedBytesAreCounted(string name)
    {
        using var device = Open(name);
        var before = device.AllocatedBytes;
        var a = device.Allocate(100);
        var b = device.Allocate(1);
        Assert.Equal(before + 404, device.AllocatedBytes);
        a.Dispose();
        a.Dispose();
        Assert.Equal(before + 4, device.AllocatedBytes);
        b.Dispose();
        Assert.Equal(before, device.AllocatedBytes);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void CopiesThatDoNotFitTheViewThrow(string name)
    {
        using var device = Open(name);
        using var buffer = device.Allocate(4);
        var error = Assert.Throws<ArgumentException>(() => device.Upload<float>(new float[5], buffer.View));
        Assert.Contains("20 bytes does not fit a view of 16 bytes", error.Message);
        Assert.Throws<ArgumentException>(() => device.Download<double>(buffer.View, new double[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Allocate(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Allocate(-5));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(-1, 2)]
    [InlineData(4, 1)]
    [InlineData(2, -1)]
    [InlineData(1, int.MaxValue)]
    public void SlicesOutsideAViewThrow(int offset, int length)
    {
        using var device = new CpuDevice(1);
        using var buffer = device.Allocate(9);
        var view = buffer.View.Slice(3, 4);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => view.Slice(offset, length));
        Assert.Contains("are not inside a view of 4 words", error.Message);
    }

    [Fact]
    public void SlicesOfSlicesHaveOffsetsFromTheBuffer()
    {
        using var device = new CpuDevice(1);
        using var buffer = device.Allocate(9);
        var part = buffer.View.Slice(3, 5).Slice(1, 4).First(2);
        Assert.Equal((4, 2, buffer), (part.Offset, part.Length, part.Buffer));
        Assert.True(buffer.View.Slice(9, 0).IsEmpty);
        Assert.Contains("input must hold 3 words, but holds 2", Assert.Throws<ArgumentException>(() => part.Require(3, "input")).Message);
    }

    [Fact]
    public void MemoryOfAnotherDeviceThrows()
    {
        using var cpu = new CpuDevice(1);
        using var simulator = TestDevices.Simulator();
        using var other = TestDevices.Simulator();
        using var ofCpu = cpu.Allocate(8);
        using var ofSimulator = simulator.Allocate(8);
        using var ofOther = other.Allocate(8);
        Assert.Contains("must be memory of this device (CPU, 1 thread", Assert.Throws<ArgumentException>(() => Relu(cpu, ofSimulator)).Message);
        Assert.Contains("is memory of another one (CPU, 1 thread", Assert.Throws<ArgumentException>(() => Relu(simulator, ofCpu)).Message);
        Assert.Throws<ArgumentException>(() => Relu(simulator, ofOther));
        Assert.Throws<ArgumentException>(() => simulator.Upload<float>([1], ofOther.View));
        Assert.Throws<ArgumentException>(() => simulator.Clear(default(DeviceView) with { Length = 3 }));
        Relu(simulator, ofSimulator);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void DisposedMemoryThrows(string name)
    {
        using var device = Open(name);
        var buffer = device.Allocate(8);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Relu(device, buffer));
        Assert.Throws<ObjectDisposedException>(() => device.Upload<float>([1], buffer.View));
    }

    [Fact]
    public void DisposedCpuDeviceThrows()
    {
        var device = new CpuDevice(2);
        using var buffer = device.Allocate(8);
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Relu(device, buffer));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(1025, 0)]
    [InlineData(1, 64)]
    public void InvalidThreadAndLaneCountsThrow(int threads, int lanes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuDevice(threads, lanes));

    // On CUDA the kernels may still be queued when their memory is disposed. The emulator with CUDA_EMULATOR_DEFER detects a missing synchronization.
    [Theory]
    [MemberData(nameof(Devices))]
    public void MemoryCanBeDisposedWhileKernelsUseIt(string name)
    {
        using var device = Open(name);
        using var kept = device.Allocate(1 << 16);
        for (var i = 0; i < 3; i++)
        {
            using var buffer = device.Allocate(1 << 16);
            device.Upload<float>([-1, 2], buffer.View.First(2));
            ActivationOps.Forward(device, Activation.Relu, buffer.View, kept.View);
        }

        var words = new float[2];
        device.Download<float>(kept.View.First(2), words);
        Assert.Equal([0, 2], words);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void DeviceCanBeDisposedWhileKernelsRunAndBeforeItsMemory(string name)
    {
        var device = Open(name);
        var buffer = device.Allocate(1 << 16);
        Relu(device, buffer);
        // A kernel that is never launched may still be compiling.
        ActivationOps.Forward(new CommandList(device), new Activation(ActivationKind.Tanh), buffer.View, buffer.View);
        device.Dispose();
        device.Dispose();
        buffer.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
        Assert.Throws<ObjectDisposedException>(() => Relu(device, buffer));
    }

    private static ComputeDevice Open(string name) => name switch
    {
        "cpu" => new CpuDevice(2),
        "simulator" => TestDevices.Simulator(),
        _ => DeviceCatalog.Open(name),
    };

    private static void Relu(ComputeDevice device, DeviceBuffer buffer) => ActivationOps.Forward(device, Activation.Relu, buffer.View, buffer.View);
}
