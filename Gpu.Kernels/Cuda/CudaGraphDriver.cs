using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Cuda;

/// <summary>Captures a stream as CUDA graphs.</summary>
/// <remarks>
/// The capture mode is thread-local, so finalizers may free memory on their own thread meanwhile. During a capture, the capturing thread must not synchronize,
/// allocate or load a kernel: the driver would refuse it.
/// </remarks>
internal sealed unsafe class CudaGraphDriver : IGraphDriver
{
    // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL, CU_STREAM_CAPTURE_STATUS_NONE
    private const int ThreadLocal = 1;
    private const int NotCapturing = 0;

    // The library has exported the first one as _v2 since CUDA 10.1; the headers rename it.
    private static readonly string[] Needed =
    [
        "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuStreamIsCapturing", "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphExecDestroy",
        "cuGraphDestroy",
    ];

    private readonly CudaDriver _driver;
    private readonly Action _bind;
    private readonly nint _stream;
    private readonly delegate* unmanaged<nint, int, int> _begin;
    private readonly delegate* unmanaged<nint, nint*, int> _end;
    private readonly delegate* unmanaged<nint, int*, int> _status;
    private readonly delegate* unmanaged<nint*, nint, ulong, int> _instantiate;
    private readonly delegate* unmanaged<nint, nint, int> _launch;
    private readonly delegate* unmanaged<nint, int> _destroyExecutable;
    private readonly delegate* unmanaged<nint, int> _destroyGraph;

    private CudaGraphDriver(CudaDriver driver, Action bind, nint stream)
    {
        _driver = driver;
        _bind = bind;
        _stream = stream;
        _begin = (delegate* unmanaged<nint, int, int>)driver.Function(Needed[0]);
        _end = (delegate* unmanaged<nint, nint*, int>)driver.Function(Needed[1]);
        _status = (delegate* unmanaged<nint, int*, int>)driver.Function(Needed[2]);
        _instantiate = (delegate* unmanaged<nint*, nint, ulong, int>)driver.Function(Needed[3]);
        _launch = (delegate* unmanaged<nint, nint, int>)driver.Function(Needed[4]);
        _destroyExecutable = (delegate* unmanaged<nint, int>)driver.Function(Needed[5]);
        _destroyGraph = (delegate* unmanaged<nint, int>)driver.Function(Needed[6]);
    }

    /// <summary>The graph driver of a stream; null if graphs are not available, with the reason.</summary>
    /// <param name="bind">makes the CUDA context of the stream current on the calling thread</param>
    /// <param name="stream">the stream handle of the driver</param>
    /// <param name="reason">receives the reason</param>
    public static CudaGraphDriver? Create(Action bind, nint stream, out string? reason)
    {
        if (CudaDriver.Find(out reason) is not { } driver) return null;
        if (stream == 0)
        {
            reason = "the default stream cannot be captured; create a stream";
            return null;
        }

        if (driver.FirstMissing(Needed) is { } missing)
        {
            reason = $"the CUDA driver lacks {missing}; drivers for CUDA 11.4 and later have it";
            return null;
        }

        return new CudaGraphDriver(driver, bind, stream);
    }

    public void BeginCapture()
    {
        _bind();
        int status;
        _driver.Check(_status(_stream, &status), "cuStreamIsCapturing");
        if (status != NotCapturing) throw new InvalidOperationException("the stream is already being captured");
        _driver.Check(_begin(_stream, ThreadLocal), "cuStreamBeginCapture");
    }

    public nint EndCapture()
    {
        nint graph = 0;
        _driver.Check(_end(_stream, &graph), "cuStreamEndCapture");
        nint executable = 0;
        var result = _instantiate(&executable, graph, 0);
        // The executable graph has its own copy.
        _ = _destroyGraph(graph);
        _driver.Check(result, "cuGraphInstantiateWithFlags");
        return executable;
    }

    public void AbandonCapture()
    {
        nint graph = 0;
        if (_end(_stream, &graph) == 0 && graph != 0) _ = _destroyGraph(graph);
    }

    public void Launch(nint graph)
    {
        _bind();
        var result = _launch(graph, _stream);
        if (result != 0) _driver.Check(result, "cuGraphLaunch");
    }

    public void Destroy(nint graph)
    {
        _bind();
        _ = _destroyExecutable(graph);
    }
}
