namespace Gpu.Kernels.Devices;

/// <summary>
/// A kernel: a struct whose fields are its arguments and whose <see cref="Run"/> is its body. It is generic over the backend
/// (<see cref="Backends.IVectorBackend{TSelf,TVector}"/>), so the same source runs on CPU vectors and on GPUs.
/// </summary>
/// <remarks>
/// The unit of work is an item: a thread on a GPU, an iteration of a thread's loop on the CPU. Items are independent. They run in any order on any thread, and
/// the result of an item depends only on its index. Results are therefore the same for any number of threads.
/// </remarks>
internal interface IKernel
{
    /// <summary>Runs the item with index <paramref name="item"/>, from 0 to the launched number of items - 1.</summary>
    void Run(int item);
}
