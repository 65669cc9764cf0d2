namespace Gpu.Kernels.Devices;

/// <summary>
/// Stream capture and graphs of a driver. Launches on the device's stream between <see cref="BeginCapture"/> and <see cref="EndCapture"/> are not run but
/// recorded as a graph, which one call then launches any number of times. Errors are <see cref="DriverException"/>s.
/// </summary>
internal interface IGraphDriver
{
    /// <summary>Starts recording the launches of this thread on the stream.</summary>
    void BeginCapture();

    /// <summary>Ends the capture.</summary>
    /// <returns>a graph that can be launched; never 0</returns>
    nint EndCapture();

    /// <summary>Ends a failed capture, so that the stream can be used again. Throws nothing.</summary>
    void AbandonCapture();

    /// <summary>Launches a graph.</summary>
    void Launch(nint graph);

    /// <summary>Destroys a graph. If it is running, it finishes first. Throws nothing.</summary>
    void Destroy(nint graph);
}
