namespace Gpu.Kernels.Devices;

/// <summary>
/// Command lists that run one after another, many times: a training step. On CUDA, the second run captures them as a CUDA graph, which is a single launch from
/// then on. On other devices, or if the capture fails, they are launched one by one, and <see cref="NoGraphReason"/> says why. The results are bitwise equal
/// in both cases. Only the run that captures allocates memory.
/// </summary>
/// <example><code>
/// using var step = new RecordedStep(device, forward, backward, update);
/// for (var i = 0; i &lt; steps; i++) step.Run();
/// </code></example>
/// <remarks>
/// A graph holds the arguments of its launches at the time of the capture. Before memory that a list uses is freed, dispose the step, and do not run the list
/// again. If launches are added to a list, the step captures a new graph.
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

    /// <summary>Creates a step. Nothing runs yet.</summary>
    /// <param name="device">the device of the lists</param>
    /// <param name="lists">the lists to run, in order; a list may be empty or occur more than once</param>
    /// <exception cref="ArgumentException">a list belongs to another device</exception>
    public RecordedStep(ComputeDevice device, params IEnumerable<CommandList> lists)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _lists = [.. lists];
        if (Array.Find(_lists, list => list.Device != device) is { } other)
            throw new ArgumentException($"a step of {device.Description} was given a list of {other.Device.Description}", nameof(lists));
        _driver = device.GetGraphDriver(out var reason);
        NoGraphReason = reason;
        Mode = _driver is null ? LaunchMode.Plain : LaunchMode.WarmUp;
    }

    /// <summary>How the next run is launched.</summary>
    public LaunchMode Mode { get; private set; }

    /// <summary>True if the step has a graph, or will never have one.</summary>
    public bool IsModeFinal => Mode == LaunchMode.Plain || _graph != 0;

    /// <summary>Why the step has no graph; null if it has one or may still get one.</summary>
    public string? NoGraphReason { get; private set; }

    /// <summary>The number of launches of all lists.</summary>
    public int LaunchCount
    {
        get
        {
            var count = 0;
            foreach (var list in _lists) count += list.Count;
            return count;
        }
    }

    /// <summary>Runs all lists once. On a GPU it returns when the launches are queued on the stream.</summary>
    /// <exception cref="DriverException">the driver refused the launch</exception>
    /// <exception cref="ObjectDisposedException">the step is disposed, or memory that a launch uses was freed</exception>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Mode == LaunchMode.Plain)
        {
            RunLists();
            return;
        }

        // Launches are only ever added to lists, so the count shows every change.
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

        foreach (var list in _lists) list.RequireMemory();
        LaunchGraph();
    }

    /// <summary>Destroys the graph. The lists and their memory are not disposed.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        DiscardGraph(0);
        _isDisposed = true;
    }

    private void RunLists()
    {
        foreach (var list in _lists)
        {
            list.RequireMemory();
            list.Prepare();
        }

        _device.Run(_lists);
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
            // The graph has never run. If it had, the error would be one of the device, which the caller must see.
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
