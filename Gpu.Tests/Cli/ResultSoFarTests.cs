using System.Text.Json;
using Gpu.Cli;
using Gpu.Cli.Output;

namespace Gpu.Tests.Cli;

public sealed class ResultSoFarTests : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StringWriter _output = new();
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task ACommandThatDoesNotStopIsEndedWithItsResultSoFar()
    {
        using var result = Begin(TimeSpan.FromMilliseconds(1));
        result.Update(record => record.Add("device", "cuda:0"));
        result.Begin("compiling kernels (3 of 9)");
        _stop.Cancel();
        // This thread is the one that does not stop.
        Assert.Equal(ExitCode.Cancelled, await _ended.Task.WaitAsync(TimeSpan.FromMinutes(1)));
        var json = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.Equal("cuda:0", json.GetProperty("device").GetString());
        Assert.Equal("stopped while compiling kernels (3 of 9)", json.GetProperty("incomplete").GetString());
        Assert.Equal(ExitCode.Cancelled, json.GetProperty("exit_code").GetInt32());
    }

    [Fact]
    public async Task ACommandThatStopsInTimeIsNotEnded()
    {
        var result = Begin(TimeSpan.FromMilliseconds(20));
        _stop.Cancel();
        result.Dispose();
        await Task.Delay(100);
        Assert.False(_ended.Task.IsCompleted);
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public void AnErrorLosesNothingEither()
    {
        var reporter = Reporter.Create(Host(TimeSpan.Zero), json: true, plain: false);
        using (var result = new ResultSoFar(new CommandContext(reporter.Host, reporter))) result.Begin("measuring peaks");
        reporter.Fail("the device is gone", ExitCode.Failure);
        var json = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.Equal("failed while measuring peaks", json.GetProperty("incomplete").GetString());
        Assert.Equal("the device is gone", json.GetProperty("error").GetString());
    }

    public void Dispose() => _stop.Dispose();

    private ResultSoFar Begin(TimeSpan grace)
    {
        var host = Host(grace);
        return new ResultSoFar(new CommandContext(host, Reporter.Create(host, json: true, plain: false)));
    }

    private CliHost Host(TimeSpan grace) =>
        new(_output, TextWriter.Null, cancellation: () => _stop.Token) { Grace = grace, Exit = code => _ended.TrySetResult(code) };
}
