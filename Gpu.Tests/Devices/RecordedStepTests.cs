using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Devices;

/// <summary>When a step launches its kernels one by one, captures them as a graph, and replays the graph.</summary>
public class RecordedStepTests
{
    [Fact]
    public void TheSecondRunCapturesAndLaterOnesReplay()
    {
        using var fixture = new Fixture(2);
        var step = fixture.Step();
        Assert.Equal((LaunchMode.WarmUp, 2), (step.Mode, step.LaunchCount));
        step.Run();
        Assert.Empty(fixture.Driver.Calls);
        Assert.Equal(LaunchMode.Graph, step.Mode);
        step.Run();
        Assert.Equal(["begin", "end", "launch"], fixture.Driver.Calls);
        step.Run();
        step.Run();
        Assert.Equal(["begin", "end", "launch", "launch", "launch"], fixture.Driver.Calls);
        Assert.Equal([4, 4], fixture.Runs);
        Assert.Null(step.NoGraphReason);
        step.Dispose();
        step.Dispose();
        Assert.Equal(0, fixture.Driver.GraphCount);
        Assert.Throws<ObjectDisposedException>(step.Run);
    }

    [Theory]
    [InlineData("begin", "begin")]
    [InlineData("end", "begin end")]
    [InlineData("launch", "begin end launch destroy")]
    public void AfterAFailureBeforeTheFirstReplayStepsAreLaunchedPlainly(string failing, string calls)
    {
        using var fixture = new Fixture(2);
        fixture.Driver.Failing.Add(failing);
        using var step = fixture.Step();
        for (var i = 0; i < 3; i++) step.Run();
        Assert.Equal(calls, string.Join(' ', fixture.Driver.Calls));
        Assert.Equal([3, 3], fixture.Runs);
        Assert.Equal(LaunchMode.Plain, step.Mode);
        Assert.Equal($"fake {failing} failed: CUDA_ERROR_STREAM_CAPTURE_INVALIDATED (901)", step.NoGraphReason);
        Assert.Equal(0, fixture.Driver.GraphCount);
    }

    [Fact]
    public void ALaunchThatCannotBeCapturedAbandonsTheCapture()
    {
        using var fixture = new Fixture(3);
        using var step = fixture.Step();
        step.Run();
        fixture.Launches[1].Failure = new NotSupportedException("not now");
        step.Run();
        Assert.Equal(["begin", "abandon"], fixture.Driver.Calls);
        Assert.Equal([2, 2, 2], fixture.Runs);
        Assert.Equal((LaunchMode.Plain, "NotSupportedException: not now"), (step.Mode, step.NoGraphReason));
    }

    [Fact]
    public void AnErrorOfALaterReplayIsThrown()
    {
        using var fixture = new Fixture(1);
        using var step = fixture.Step();
        step.Run();
        step.Run();
        fixture.Driver.Failing.Add("launch");
        Assert.Equal(901, Assert.Throws<DriverException>(step.Run).Code);
        Assert.Equal([2], fixture.Runs);
    }

    [Fact]
    public void AnErrorOfTheWarmUpIsThrown()
    {
        using var fixture = new Fixture(1);
        using var step = fixture.Step();
        fixture.Launches[0].Failure = new InvalidOperationException("wrong");
        Assert.Throws<InvalidOperationException>(step.Run);
        step.Run();
        step.Run();
        Assert.Equal([2], fixture.Runs);
        Assert.Equal(LaunchMode.Graph, step.Mode);
    }

    [Fact]
    public void AListThatGrewIsWarmedUpAndCapturedAgain()
    {
        using var fixture = new Fixture(1);
        using var step = fixture.Step();
        for (var i = 0; i < 3; i++) step.Run();
        fixture.Add();
        for (var i = 0; i < 3; i++) step.Run();
        Assert.Equal(["begin", "end", "launch", "launch", "destroy", "begin", "end", "launch", "launch"], fixture.Driver.Calls);
        Assert.Equal([6, 3], fixture.Runs);
    }

    [Fact]
    public void AListMayOccurTwiceOrBeEmpty()
    {
        using var fixture = new Fixture(1);
        using var empty = new RecordedStep(fixture.Device, new CommandList(fixture.Device));
        for (var i = 0; i < 3; i++) empty.Run();
        Assert.Empty(fixture.Driver.Calls);
        using var twice = new RecordedStep(fixture.Device, fixture.List, fixture.List);
        for (var i = 0; i < 3; i++) twice.Run();
        Assert.Equal([6], fixture.Runs);
        Assert.Equal(2, twice.LaunchCount);
    }

    [Fact]
    public void DisposingTheDeviceDestroysItsGraphs()
    {
        var fixture = new Fixture(1);
        var step = fixture.Step();
        step.Run();
        step.Run();
        Assert.Equal(1, fixture.Driver.GraphCount);
        fixture.Dispose();
        Assert.Equal(0, fixture.Driver.GraphCount);
        step.Dispose();
    }

    [Fact]
    public void GraphsCanBeDisabled()
    {
        using var fixture = new Fixture(1);
        fixture.Device.UseGraphs = false;
        using var step = fixture.Step();
        Assert.Equal((LaunchMode.Plain, "graphs are switched off"), (step.Mode, step.NoGraphReason));
        step.Run();
        Assert.Equal([1], fixture.Runs);
    }

    [Theory]
    [InlineData("cpu", "the CPU device")]
    [InlineData("simulator", "the simulator has no graphs")]
    public void DevicesWithoutGraphsLaunchPlainlyAndGiveTheReason(string name, string reason)
    {
        using ComputeDevice device = name == "cpu" ? new CpuDevice(1) : TestDevices.Simulator();
        using var buffer = device.Allocate(8);
        device.Upload<float>([-1, 2, -3, 4, 5, -6, 7, 8], buffer.View);
        var list = new CommandList(device);
        ActivationOps.Forward(list, Activation.Relu, buffer.View, buffer.View);
        using var step = new RecordedStep(device, list);
        step.Run();
        Assert.Equal(LaunchMode.Plain, step.Mode);
        Assert.Contains(reason, step.NoGraphReason);
        var values = new float[8];
        device.Download<float>(buffer.View, values);
        Assert.Equal([0, 2, 0, 4, 5, 0, 7, 8], values);
        using var other = new CpuDevice(1);
        Assert.Throws<ArgumentException>(() => new RecordedStep(other, list));
    }

    private sealed class Fixture : IDisposable
    {
        public Fixture(int launches)
        {
            Device = TestDevices.Simulator();
            Device.ReplaceGraphDriver(Driver);
            List = new CommandList(Device);
            for (var i = 0; i < launches; i++) Add();
        }

        public FakeGraphDriver Driver { get; } = new();

        public AcceleratorDevice Device { get; }

        public CommandList List { get; }

        public List<FakeLaunch> Launches { get; } = [];

        public int[] Runs => [.. Launches.Select(launch => launch.Runs)];

        public void Add()
        {
            Launches.Add(new FakeLaunch(Driver));
            List.Add(Launches[^1]);
        }

        public RecordedStep Step() => new(Device, List);

        public void Dispose() => Device.Dispose();
    }
}
