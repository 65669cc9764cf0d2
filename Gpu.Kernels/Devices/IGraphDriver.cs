namespace Gpu.Kernels.Devices;

/// <summary>
/// What a driver offers to make one launch of many: what is launched on the device's stream between <see cref="BeginCapture"/> and
/// <see cref="EndCapture"/> is not run but kept, as a graph that is launched again and again. Errors are <see cref="DriverException"/>s.
/// </summary>
internal interface IGraphDriver
{
    /// <summary>From now on launches of this thread on the stream are kept.</summary>
    void BeginCapture();

    /// <summary>Ends the capture.</summary>
    /// <returns>a graph that can be launched; never 0</returns>
    nint EndCapture();

    /// <summary>Ends a capture that something went wrong in; it throws nothing, and the stream can be used again.</summary>
    void AbandonCapture();

    /// <summary>Launches everything in a graph.</summary>
    void Launch(nint graph);

    /// <summary>Gives a graph back; one that is being run ends first. It throws nothing.</summary>
    void Destroy(nint graph);
}
