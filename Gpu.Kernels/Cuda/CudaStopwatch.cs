using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Cuda;

/// <summary>A stopwatch with two CUDA events on a stream. Their resolution is about half a microsecond, so measure many launches at once.</summary>
internal sealed unsafe class CudaStopwatch : DeviceStopwatch
{
    private static readonly string[] Needed = ["cuEventCreate", "cuEventRecord", "cuEventSynchronize", "cuEventElapsedTime", "cuEventDestroy_v2"];
    private readonly CudaDriver _driver;
    private readonly Action _bind;
    private readonly nint _stream;
    private readonly nint _start;
    private readonly nint _stop;
    private bool _isDisposed;

    private CudaStopwatch(CudaDriver driver, Action bind, nint stream)
    {
        _driver = driver;
        _bind = bind;
        _stream = stream;
        bind();
        _start = NewEvent();
        _stop = NewEvent();
    }

    public override bool IsOnDevice => true;

    /// <summary>A stopwatch on a stream; null if the driver lacks a function.</summary>
    public static CudaStopwatch? Create(Action bind, nint stream) =>
        CudaDriver.Find(out _) is { } driver && driver.FirstMissing(Needed) is null ? new CudaStopwatch(driver, bind, stream) : null;

    public override void Start() => Record(_start);

    public override double Stop()
    {
        Record(_stop);
        _driver.Check(((delegate* unmanaged<nint, int>)_driver.Function(Needed[2]))(_stop), Needed[2]);
        float milliseconds;
        _driver.Check(((delegate* unmanaged<float*, nint, nint, int>)_driver.Function(Needed[3]))(&milliseconds, _start, _stop), Needed[3]);
        return 1e-3 * milliseconds;
    }

    public override void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _bind();
        var destroy = (delegate* unmanaged<nint, int>)_driver.Function(Needed[4]);
        _ = destroy(_start);
        _ = destroy(_stop);
    }

    private nint NewEvent()
    {
        nint created;
        _driver.Check(((delegate* unmanaged<nint*, uint, int>)_driver.Function(Needed[0]))(&created, 0), Needed[0]);
        return created;
    }

    private void Record(nint point)
    {
        _bind();
        _driver.Check(((delegate* unmanaged<nint, nint, int>)_driver.Function(Needed[1]))(point, _stream), Needed[1]);
    }
}
