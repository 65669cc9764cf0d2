namespace Gpu.Kernels.Devices;

/// <summary>A kernel whose items need memory of their own while they run: too much for registers, and of no use afterwards.</summary>
/// <typeparam name="TBackend">the machine whose memory it is</typeparam>
internal interface IScratchKernel<TBackend> : IKernel
    where TBackend : struct
{
    /// <summary>Tells the kernel, on the host, where that memory is. What an item finds there is undefined, so it must not read what it has not written.</summary>
    /// <param name="memory">the memory</param>
    /// <param name="stride">words from one item's to the next one's; 0 where items that run at the same time have other memory anyway</param>
    void UseScratch(TBackend memory, int stride);
}
