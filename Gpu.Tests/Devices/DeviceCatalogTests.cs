using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

/// <summary>The device catalog of the machine that runs the tests. The tests hold with and without GPUs.</summary>
public class DeviceCatalogTests
{
    private static readonly Lazy<IReadOnlyList<DeviceInfo>> Listed = new(DeviceCatalog.List);

    [Fact]
    public void EveryKindIsAvailableOrHasAReason()
    {
        Assert.Equal(["cpu", "cuda", "opencl", "simulator"], Listed.Value.Select(info => info.Kind).Distinct());
        Assert.Equal(Listed.Value.Count, Listed.Value.Select(info => info.Id).Distinct().Count());
        foreach (var info in Listed.Value)
        {
            if (info.IsAvailable)
            {
                Assert.NotEmpty(info.Name);
                Assert.True(info is { MemoryBytes: > 0, Processors: > 0 } && (info.Lanes > 0 || info.Kind == "opencl"), info.ToString());
            }
            else
            {
                // After the semicolon a reason says what to do.
                Assert.Contains(";", info.UnavailableReason);
            }
        }
    }

    [Fact]
    public void TheCpuIsDescribed()
    {
        var cpu = Listed.Value.Single(info => info.Kind == "cpu");
        Assert.Equal((Environment.ProcessorCount, CpuDevice.MaxVectorBits / 32, null), (cpu.Processors, cpu.Lanes, cpu.UnavailableReason));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("CPU")]
    [InlineData("simulator")]
    [InlineData("auto")]
    public void OpenedDevicesCompute(string id)
    {
        using var device = DeviceCatalog.Open(id, 2, out var skipped);
        if (id != "auto") Assert.Empty(skipped);
        if (id != "auto") Assert.Equal(id.ToLowerInvariant(), device.Id);
        AssertThatItComputes(device);
    }

    [Fact]
    public void EveryAvailableDeviceComputes()
    {
        foreach (var info in Listed.Value.Where(info => info.IsAvailable))
        {
            using var device = DeviceCatalog.Open(info.Id);
            Assert.Equal(info.Id, device.Id);
            AssertThatItComputes(device);
        }
    }

    [Fact]
    public void OpeningAnUnavailableDeviceGivesTheReason()
    {
        foreach (var info in Listed.Value.Where(info => !info.IsAvailable))
        {
            var error = Assert.Throws<DeviceException>(() => DeviceCatalog.Open(info.Id));
            Assert.Equal(info.UnavailableReason, error.Suggestion);
        }
    }

    [Fact]
    public void AutoPrefersCudaToOpenCLToTheCpu()
    {
        using var device = DeviceCatalog.Open("auto", 1, out var skipped);
        var kind = device.Id.Split(':')[0];
        if (Listed.Value.Any(info => info is { Kind: "cuda", IsAvailable: true })) Assert.Equal("cuda", kind);
        else Assert.Contains(kind, new[] { "opencl", "cpu" });
        if (kind == "cpu")
            Assert.All(Listed.Value.Where(info => !info.IsAvailable), info => Assert.Contains(skipped, reason => reason.Contains(info.UnavailableReason!)));
    }

    [Theory]
    [InlineData("gpu", "auto, cpu, cuda[:N], opencl[:N] or simulator")]
    [InlineData("", "auto, cpu, cuda[:N], opencl[:N] or simulator")]
    [InlineData("cpu:0", "cpu without a number")]
    [InlineData("cuda:-1", "a number from 0")]
    [InlineData("cuda:x", "a number from 0")]
    [InlineData("opencl:", "a number from 0")]
    [InlineData("opencl: 1", "a number from 0")]
    public void InvalidIdsAreExplained(string id, string expected)
    {
        var error = Assert.Throws<DeviceException>(() => DeviceCatalog.Open(id));
        Assert.Contains(expected, error.Expected);
        Assert.NotEmpty(error.Suggestion);
    }

    [Fact]
    public void DeviceNumberOutOfRangeIsExplained()
    {
        var error = Assert.Throws<DeviceException>(() => DeviceCatalog.Open("opencl:999"));
        Assert.Contains("OpenCL device", error.Message);
    }

    [Fact]
    public void DeviceNumberOutOfRangeListsTheExistingNumbers()
    {
        DeviceInfo Gpu(int number, string? missing = null) => new($"cuda:{number}", "cuda", "NVIDIA H200", 1, 1, 32, missing);
        Assert.Equal(
            "expected a CUDA device number 7, found cuda:0 (NVIDIA H200), cuda:1 (NVIDIA H200); numbers start at 0: choose one of these",
            DeviceCatalog.NoSuchNumber("a CUDA device", 7, [Gpu(0), Gpu(1)]).Message);
        Assert.Equal(
            "expected a CUDA device number 7, found cuda:0 (NVIDIA H200), cuda:1 (NVIDIA H200, which cannot be used: too old; get another); " +
            "numbers start at 0: choose cuda:0",
            DeviceCatalog.NoSuchNumber("a CUDA device", 7, [Gpu(0), Gpu(1, "too old; get another")]).Message);
        Assert.EndsWith("use another kind of device, such as cpu", DeviceCatalog.NoSuchNumber("a CUDA device", 7, [Gpu(0, "too old; get another")]).Message);
    }

    [Fact]
    public void ThreadCountOfTheCpuDeviceIsChecked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DeviceCatalog.Open("cpu", -1));
        using var device = Assert.IsType<CpuDevice>(DeviceCatalog.Open("cpu", 3));
        Assert.Equal(3, device.Threads);
    }

    [Theory]
    [InlineData("cuda", "libcuda.so.1")]
    [InlineData("OpenCL", "libOpenCL.so.1")]
    [InlineData("c", null)]
    public void DriverLibrariesHaveVersionedNames(string name, string? file) => Assert.Equal(file, DriverLibraries.VersionedName(name));

    private static void AssertThatItComputes(ComputeDevice device)
    {
        using var buffer = device.Allocate(5);
        device.Upload<float>([-1, 2, -3, 4, 5], buffer.View);
        ActivationOps.Forward(device, Activation.Relu, buffer.View, buffer.View);
        var words = new float[5];
        device.Download<float>(buffer.View, words);
        Assert.Equal([0, 2, 0, 4, 5], words);
    }
}
