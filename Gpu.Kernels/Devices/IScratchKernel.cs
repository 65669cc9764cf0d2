namespace Gpu.Kernels.Devices;

/// <summary>A kernel whose items need scratch memory while they run: too much for registers, and not needed afterwards.</summary>
/// <typeparam name="TBackend">the backend of the memory</typeparam>
internal interface IScratchKernel<TBackend> : IKernel
    where TBackend : struct
{
    /// <summary>Sets the scratch memory; called on the host. Its content is undefined, so an item must write a word before it reads it.</summary>
    /// <param name="memory">the memory</param>
    /// <param name="stride">words from the memory of one item to that of the next; 0 if each thread has its own memory</param>
    void UseScratch(TBackend memory, int stride);
}
