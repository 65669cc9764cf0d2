namespace Gpu.Kernels.Devices;

/// <summary>
/// Command lists that are run one after the other, again and again: a training step. Where the device can (CUDA), the second run captures them as a graph,
/// which is one launch from then on; elsewhere, and where that fails, they are launched one by one, and <see cref="NoGraphReason"/> says why. Both give the
/// same bits. A run allocates nothing, apart from the one that captures.
/// </summary>
/// <remarks>
/// A graph holds the arguments of its launches as they were: whoever disposes memory that a list uses must not run it again, and disposes it here, too. A list
/// that got more launches is captured anew.
/// </remarks>
public sealed class RecordedStep : IDisposable
{
    private readonly ComputeDevice _device;
    private readonly CommandList[] _lists;
    private readonly IGraphDriver? _driver;
    private nint _graph;
    private int _launches;
    private bool _isLaunched;
    private bool _isDisposed;

    /// <param name="device">the device of the lists</param>
    /// <param name="lists">what to run, in order; empty ones and the same one twice are fine</param>
    /// <exception cref="ArgumentException">a list is of another device</exception>
    public RecordedStep(ComputeDevice device, params IEnumerable<CommandList> lists)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _lists = [.. lists];
        if (Array.Find(_lists, list => list.Device != device) is { } other)
            throw new ArgumentException($"a step of {device.Description} was given a list of {other.Device.Description}", nameof(lists));
        _driver = device.GetGraphDriver(out var whyNot);
        NoGraphReason = whyNot;
        Mode = _driver is null ? LaunchMode.Plain : LaunchMode.WarmUp;
    }

    /// <summary>How the next run is launched.</summary>
    public LaunchMode Mode { get; private set; }

    /// <summary>Whether it is decided: it is a graph, or will never be one.</summary>
    public bool IsModeFinal => Mode == LaunchMode.Plain || _graph != 0;

    /// <summary>Why there is no graph; null as long as there is or may be one.</summary>
    public string? NoGraphReason { get; private set; }

    /// <summary>The launches of all lists.</summary>
    public int LaunchCount
    {
        get
        {
            var count = 0;
            foreach (var list in _lists) count += list.Count;
            return count;
        }
    }

    /// <summary>Launches everything once.</summary>
    /// <exception cref="DriverException">the driver refused to launch</exception>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Mode == LaunchMode.Plain)
        {
            RunLists();
            return;
        }

        // Lists only grow.
        var launches = LaunchCount;
        if (launches != _launches) DiscardGraph(launches);
        if (launches == 0) return;
        if (Mode == LaunchMode.WarmUp)
        {
            RunLists();
            Mode = LaunchMode.Graph;
            return;
        }

        if (_graph == 0 && !TryCapture())
        {
            RunLists();
            return;
        }

        LaunchGraph();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed) return;
        DiscardGraph(0);
        _isDisposed = true;
    }

    private void RunLists()
    {
        foreach (var list in _lists) list.Run();
    }

    private bool TryCapture()
    {
        try
        {
            _driver!.BeginCapture();
        }
        catch (Exception e)
        {
            return FallBack(e);
        }

        try
        {
            RunLists();
        }
        catch (Exception e)
        {
            _driver.AbandonCapture();
            return FallBack(e);
        }

        try
        {
            _graph = _driver.EndCapture();
        }
        catch (Exception e)
        {
            return FallBack(e);
        }

        _isLaunched = false;
        _device.RegisterGraph(this);
        return true;
    }

    private void LaunchGraph()
    {
        try
        {
            _driver!.Launch(_graph);
            _isLaunched = true;
        }
        catch (Exception e) when (!_isLaunched)
        {
            // Nothing ran yet. An error in a graph that did run before is one of the device, and the caller's to know.
            DiscardGraph(_launches);
            FallBack(e);
            RunLists();
        }
    }

    private bool FallBack(Exception reason)
    {
        Mode = LaunchMode.Plain;
        NoGraphReason = reason is DriverException ? reason.Message : $"{reason.GetType().Name}: {reason.Message}";
        return false;
    }

    private void DiscardGraph(int launches)
    {
        _launches = launches;
        if (Mode == LaunchMode.Graph) Mode = LaunchMode.WarmUp;
        if (_graph == 0) return;
        _driver!.Destroy(_graph);
        _graph = 0;
        _device.UnregisterGraph(this);
    }
}
