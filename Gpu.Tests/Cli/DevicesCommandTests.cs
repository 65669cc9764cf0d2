using System.Text.Json;
using Gpu.Cli;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Cli;

public class DevicesCommandTests
{
    [Fact]
    public void EveryKindIsAvailableOrHasAReason()
    {
        var run = CommandLine.Run("devices", "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        var devices = run.Json.GetProperty("devices").EnumerateArray().ToArray();
        Assert.Equal("cpu", devices[0].GetProperty("id").GetString());
        Assert.Equal(Environment.ProcessorCount, devices[0].GetProperty("processors").GetInt32());
        Assert.Equal(CpuDevice.MaxVectorBits / 32, devices[0].GetProperty("lanes").GetInt32());
        foreach (var kind in new[] { "cpu", "cuda", "opencl", "simulator" })
        {
            var ofKind = devices.Where(device => device.GetProperty("kind").GetString() == kind).ToArray();
            Assert.NotEmpty(ofKind);
            Assert.All(ofKind, device => Assert.Equal(device.GetProperty("available").GetBoolean(),
                device.GetProperty("missing").ValueKind == JsonValueKind.Null));
        }
    }

    [Fact]
    public void FreeMemoryIsListedExceptForOpenCL()
    {
        var run = CommandLine.Run("devices", "--json");
        foreach (var device in run.Json.GetProperty("devices").EnumerateArray())
        {
            var free = device.GetProperty("free_bytes");
            var isKnown = device.GetProperty("available").GetBoolean() && device.GetProperty("kind").GetString() != "opencl";
            Assert.Equal(isKnown ? JsonValueKind.Number : JsonValueKind.Null, free.ValueKind);
            if (isKnown) Assert.InRange(free.GetInt64(), 1, device.GetProperty("memory_bytes").GetInt64());
        }

        Assert.Matches(@"(?m)\bmemory\b.*\bfree\b.*\bcores\b", CommandLine.Run("devices").Output);
    }

    [Theory]
    [InlineData("cuda:x", "expected a device number after 'cuda:', such as cuda:0, but got 'x'")]
    [InlineData("cpu:1", "only cuda and opencl devices have numbers, but got 'cpu:1'. Use cpu.")]
    [InlineData("cdua", "'cdua' is not a device. Expected auto, cpu, cuda[:N], opencl[:N] or simulator. Did you mean 'cuda'?")]
    public void AnInvalidDeviceIdIsAUsageError(string id, string message)
    {
        var run = CommandLine.Run("bench", "step", "--device", id);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    // No machine has a hundred GPUs; most have none of one kind.
    public static TheoryData<string> MissingDevices =>
        ["cuda:99", "opencl:99", .. DeviceCatalog.List().Where(device => !device.IsAvailable).Select(device => device.Kind).Distinct()];

    [Theory]
    [MemberData(nameof(MissingDevices))]
    public void AMissingDeviceIsAFailureThatSaysWhatToDo(string id)
    {
        var known = DeviceCatalog.List().Where(device => device.Kind == id.Split(':')[0]).ToArray();
        var run = CommandLine.Run("bench", "step", "--device", id);
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("expected ", run.Error);
        Assert.Contains(", found ", run.Error);
        Assert.Contains(known[0].UnavailableReason ?? known[0].Id, run.Error);
        Assert.DoesNotContain("This is a bug", run.Error);
    }

    [Fact]
    public void TheAutomaticChoiceIsExplained()
    {
        var run = CommandLine.Run("bench", "step", "--model", "mlp10", "--seconds", "0.01");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.DoesNotContain("Device: ", run.Output);
        var line = Assert.Single(run.Error.Split('\n'), line => line.StartsWith("Device: ", StringComparison.Ordinal));
        Assert.InRange(line.Length, 10, 130);
        Assert.DoesNotContain("Skipped", run.Error);
        Assert.DoesNotContain("Device: ", CommandLine.Run("bench", "step", "--model", "mlp10", "--seconds", "0.01", "--device", "cpu").Error);

        var skipped = DeviceCatalog.List().Any(device => !device.IsAvailable);
        Assert.Equal(skipped, CommandLine.Run("bench", "step", "--model", "mlp10", "--seconds", "0.01", "--verbose").Output.Contains("Skipped: "));
    }

    [Theory]
    [InlineData("cpu", "plain", "--kernels has no effect on cpu")]
    [InlineData("simulator", "auto", "simulator runs plain kernels")]
    [InlineData("simulator", "grouped", "simulator runs grouped kernels")]
    public void KernelsOptionSelectsPlainOrGroupedKernels(string device, string kernels, string expected)
    {
        var run = CommandLine.Run(
            "bench", "step", "--model", "mlp10", "--batch", "1", "--steps", "1", "--warmup", "1", "--device", device, "--kernels", kernels, "--verbose");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains(expected, run.Output + run.Error);
    }
}
