using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

/// <summary>A graph driver without a GPU: records the <see cref="FakeLaunch"/>es of a capture and replays them.</summary>
internal sealed class FakeGraphDriver : IGraphDriver
{
    private readonly Dictionary<nint, List<FakeLaunch>> _graphs = [];
    private List<FakeLaunch>? _captured;
    private nint _next = 1;

    /// <summary>All calls, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>The names of the calls that fail.</summary>
    public HashSet<string> Failing { get; } = [];

    /// <summary>The number of graphs that are not destroyed.</summary>
    public int GraphCount => _graphs.Count;

    public void BeginCapture()
    {
        Record("begin");
        Assert.Null(_captured);
        _captured = [];
    }

    public nint EndCapture()
    {
        var captured = _captured!;
        _captured = null;
        Record("end");
        _graphs.Add(_next, captured);
        return _next++;
    }

    public void AbandonCapture()
    {
        Calls.Add("abandon");
        _captured = null;
    }

    public void Launch(nint graph)
    {
        Record("launch");
        foreach (var launch in _graphs[graph]) launch.Runs++;
    }

    public void Destroy(nint graph)
    {
        Calls.Add("destroy");
        Assert.True(_graphs.Remove(graph));
    }

    /// <summary>Runs a launch, or records it during a capture.</summary>
    public void RunOrCapture(FakeLaunch launch)
    {
        if (_captured is null) launch.Runs++;
        else _captured.Add(launch);
    }

    private void Record(string call)
    {
        Calls.Add(call);
        if (Failing.Contains(call)) throw new DriverException($"fake {call}", 901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED");
    }
}

/// <summary>A launch that counts its runs.</summary>
internal sealed class FakeLaunch(FakeGraphDriver driver) : Command
{
    public int Runs { get; set; }

    /// <summary>If set, the next execution throws it instead of launching.</summary>
    public Exception? Failure { get; set; }

    public override string Name => "fake";

    public override int Items => 1;

    public override void Execute()
    {
        if (Failure is { } failure)
        {
            Failure = null;
            throw failure;
        }

        driver.RunOrCapture(this);
    }
}
