namespace Gpu.Kernels.Devices;

/// <summary>
/// A kernel: a struct whose fields are its arguments and whose <see cref="Run"/> is its body. It is generic over the machine
/// (<see cref="Backends.IVectorBackend{TSelf,TVector}"/>), so that one source serves the CPU's lanes and the GPU.
/// </summary>
/// <remarks>
/// Items are independent: they run in any order and on any thread, and an item's result depends on its number alone.
/// That is what makes every result the same for any number of threads.
/// </remarks>
internal interface IKernel
{
    /// <summary>Does item number <paramref name="item"/>, 0 up to the number of items given at launch.</summary>
    void Run(int item);
}
