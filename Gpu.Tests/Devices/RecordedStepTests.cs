using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Devices;

/// <summary>When a step is launched plainly, captured, and replayed.</summary>
public class RecordedStepTests
{
    [Fact]
    public void TheSecondRunCapturesAndLaterOnesReplay()
    {
        using var bench = new Bench(2);
        var step = bench.Step();
        Assert.Equal((LaunchMode.WarmUp, 2), (step.Mode, step.LaunchCount));
        step.Run();
        Assert.Empty(bench.Driver.Calls);
        Assert.Equal(LaunchMode.Graph, step.Mode);
        step.Run();
        Assert.Equal(["begin", "end", "launch"], bench.Driver.Calls);
        step.Run();
        step.Run();
        Assert.Equal(["begin", "end", "launch", "launch", "launch"], bench.Driver.Calls);
        Assert.Equal([4, 4], bench.Runs);
        Assert.Null(step.NoGraphReason);
        step.Dispose();
        step.Dispose();
        Assert.Equal(0, bench.Driver.Open);
        Assert.Throws<ObjectDisposedException>(step.Run);
    }

    [Theory]
    [InlineData("begin", "begin")]
    [InlineData("end", "begin end")]
    [InlineData("launch", "begin end launch destroy")]
    public void WhatFailsBeforeTheFirstReplayIsLaunchedPlainlyFromThenOn(string failing, string calls)
    {
        using var bench = new Bench(2);
        bench.Driver.Failing.Add(failing);
        using var step = bench.Step();
        for (var i = 0; i < 3; i++) step.Run();
        Assert.Equal(calls, string.Join(' ', bench.Driver.Calls));
        Assert.Equal([3, 3], bench.Runs);
        Assert.Equal(LaunchMode.Plain, step.Mode);
        Assert.Equal($"fake {failing} failed: CUDA_ERROR_STREAM_CAPTURE_INVALIDATED (901)", step.NoGraphReason);
        Assert.Equal(0, bench.Driver.Open);
    }

    [Fact]
    public void ALaunchThatCannotBeCapturedEndsTheCapture()
    {
        using var bench = new Bench(3);
        using var step = bench.Step();
        step.Run();
        bench.Launches[1].Failure = new NotSupportedException("not now");
        step.Run();
        Assert.Equal(["begin", "abandon"], bench.Driver.Calls);
        Assert.Equal([2, 2, 2], bench.Runs);
        Assert.Equal((LaunchMode.Plain, "NotSupportedException: not now"), (step.Mode, step.NoGraphReason));
    }

    [Fact]
    public void AnErrorOfAGraphThatRanBeforeIsTheCallers()
    {
        using var bench = new Bench(1);
        using var step = bench.Step();
        step.Run();
        step.Run();
        bench.Driver.Failing.Add("launch");
        Assert.Equal(901, Assert.Throws<DriverException>(step.Run).Code);
        Assert.Equal([2], bench.Runs);
    }

    [Fact]
    public void AnErrorOfTheWarmUpIsTheCallers()
    {
        using var bench = new Bench(1);
        using var step = bench.Step();
        bench.Launches[0].Failure = new InvalidOperationException("wrong");
        Assert.Throws<InvalidOperationException>(step.Run);
        step.Run();
        step.Run();
        Assert.Equal([2], bench.Runs);
        Assert.Equal(LaunchMode.Graph, step.Mode);
    }

    [Fact]
    public void AListThatGrewIsWarmedUpAndCapturedAnew()
    {
        using var bench = new Bench(1);
        using var step = bench.Step();
        for (var i = 0; i < 3; i++) step.Run();
        bench.Add();
        for (var i = 0; i < 3; i++) step.Run();
        Assert.Equal(["begin", "end", "launch", "launch", "destroy", "begin", "end", "launch", "launch"], bench.Driver.Calls);
        Assert.Equal([6, 3], bench.Runs);
    }

    [Fact]
    public void AListMayComeTwiceAndBeEmpty()
    {
        using var bench = new Bench(1);
        using var empty = new RecordedStep(bench.Device, new CommandList(bench.Device));
        for (var i = 0; i < 3; i++) empty.Run();
        Assert.Empty(bench.Driver.Calls);
        using var twice = new RecordedStep(bench.Device, bench.List, bench.List);
        for (var i = 0; i < 3; i++) twice.Run();
        Assert.Equal([6], bench.Runs);
        Assert.Equal(2, twice.LaunchCount);
    }

    [Fact]
    public void TheDeviceTakesItsGraphsAlong()
    {
        var bench = new Bench(1);
        var step = bench.Step();
        step.Run();
        step.Run();
        Assert.Equal(1, bench.Driver.Open);
        bench.Dispose();
        Assert.Equal(0, bench.Driver.Open);
        step.Dispose();
    }

    [Fact]
    public void GraphsCanBeSwitchedOff()
    {
        using var bench = new Bench(1);
        bench.Device.UseGraphs = false;
        using var step = bench.Step();
        Assert.Equal((LaunchMode.Plain, "graphs are switched off"), (step.Mode, step.NoGraphReason));
        step.Run();
        Assert.Equal([1], bench.Runs);
    }

    [Theory]
    [InlineData("cpu", "the CPU device")]
    [InlineData("simulator", "the simulator has no graphs")]
    public void OtherDevicesLaunchPlainlyAndSayWhy(string name, string reason)
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

    private sealed class Bench : IDisposable
    {
        public Bench(int launches)
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
