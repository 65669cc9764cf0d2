using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

/// <summary>A driver of graphs in memory: keeps the <see cref="FakeLaunch"/>es of a capture, and replays them.</summary>
internal sealed class FakeGraphDriver : IGraphDriver
{
    private readonly Dictionary<nint, List<FakeLaunch>> _graphs = [];
    private List<FakeLaunch>? _captured;
    private nint _next = 1;

    /// <summary>All calls, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Calls of these names fail.</summary>
    public HashSet<string> Failing { get; } = [];

    /// <summary>Graphs that were not given back.</summary>
    public int Open => _graphs.Count;

    public void BeginCapture()
    {
        Note("begin");
        Assert.Null(_captured);
        _captured = [];
    }

    public nint EndCapture()
    {
        var captured = _captured!;
        _captured = null;
        Note("end");
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
        Note("launch");
        foreach (var launch in _graphs[graph]) launch.Runs++;
    }

    public void Destroy(nint graph)
    {
        Calls.Add("destroy");
        Assert.True(_graphs.Remove(graph));
    }

    /// <summary>What a launch does: it runs, or is captured.</summary>
    public void Take(FakeLaunch launch)
    {
        if (_captured is null) launch.Runs++;
        else _captured.Add(launch);
    }

    private void Note(string call)
    {
        Calls.Add(call);
        if (Failing.Contains(call)) throw new DriverException($"fake {call}", 901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED");
    }
}

/// <summary>A launch that counts its runs.</summary>
internal sealed class FakeLaunch(FakeGraphDriver driver) : Command
{
    public int Runs { get; set; }

    /// <summary>Thrown instead of launching, once.</summary>
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

        driver.Take(this);
    }
}
