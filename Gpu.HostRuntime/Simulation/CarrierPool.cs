using System.Collections.Concurrent;

namespace ILGPU.Runtime.CPU;

/// <summary>
/// The carriers of groups whose threads wait for each other: a group of 1024 threads may need 1023 of them besides its worker.
/// There are few pools, so a worker whose group needs one may have to wait until another group has ended.
/// </summary>
internal sealed class CarrierPool
{
    private const int StackBytes = 512 * 1024;
    private static readonly int s_pools = Math.Min(Environment.ProcessorCount, 4);
    private static readonly SemaphoreSlim s_free = new(s_pools, s_pools);
    private static readonly ConcurrentStack<CarrierPool> s_unused = new();

    private readonly Stack<Carrier> _idle = new();

    public static CarrierPool Acquire()
    {
        s_free.Wait();
        return s_unused.TryPop(out var pool) ? pool : new CarrierPool();
    }

    public static void Release(CarrierPool pool)
    {
        s_unused.Push(pool);
        s_free.Release();
    }

    public Carrier Rent()
    {
        if (_idle.TryPop(out var carrier))
            return carrier;
        carrier = new Carrier();
        new Thread(Run, StackBytes) { IsBackground = true, Name = "Simulated GPU thread" }.Start(carrier);
        return carrier;
    }

    /// <summary>Takes a carrier back. It may still be on its way to sleep; if it is rented again meanwhile, it does not fall asleep.</summary>
    public void Return(Carrier carrier) => _idle.Push(carrier);

    private static void Run(object? state)
    {
        var carrier = (Carrier)state!;
        Carrier.Enter(carrier);
        while (true)
        {
            carrier.Sleep();
            carrier.Scheduler.RunThreads(carrier);
        }
    }
}
