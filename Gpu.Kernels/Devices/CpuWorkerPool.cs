using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

/// <summary>Work that can be cut into ranges of items.</summary>
internal interface ICpuJob
{
    /// <summary>Does items <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    void RunItems(int from, int to);
}

/// <summary>
/// Threads that share the items of a launch. Each begins with a stretch of its own (the same one in launch after launch, so that its caches keep
/// what the last launch wrote) and helps the others when it is done. Results do not depend on who does what: items are independent.
/// </summary>
internal sealed class CpuWorkerPool : IDisposable
{
    // In vector instructions: below this the hand-over (a microsecond or two) costs more than a second thread saves.
    private const long MinSharedCost = 6_000;
    private const int ChunksPerThread = 8;
    // About 100 microseconds of looking for work before a worker sleeps: launches of a step follow each other much closer.
    private const int SpinsBeforeSleep = 4_000;
    private const int SpinsBeforeYield = 20_000;
    private const long GateOpen = 1 << 15;

    private readonly int _threads;
    // With more threads than processors, whoever waits must make room at once.
    private readonly bool _oversubscribed;
    private readonly Worker[] _workers;
    private readonly PaddedCounter[] _next;
    private readonly int[] _end;
    private readonly Lock _jobLock = new();
    private ICpuJob? _job;
    private int _chunk;
    private volatile Exception? _failure;
    private PaddedCounter _state; // generation << 16 | participants
    // The door of a job: generation << 16 | Open | workers inside. The caller shuts it when nothing is left to take and waits for those inside alone, so that a
    // worker which the system has not let run does not hold up a job that the others have done.
    private PaddedCounter _gate;
    private volatile bool _stopping;

    // The pool whose job the thread is in.
    [ThreadStatic]
    private static CpuWorkerPool? _current;

    public CpuWorkerPool(int threads)
    {
        _threads = threads;
        _oversubscribed = threads > Environment.ProcessorCount;
        _next = new PaddedCounter[threads];
        _end = new int[threads];
        _workers = new Worker[Math.Max(0, threads - 1)];
        for (var i = 0; i < _workers.Length; i++)
        {
            var worker = _workers[i] = new Worker();
            var number = i + 1;
            worker.Thread = new Thread(() => Work(worker, number)) { IsBackground = true, Name = $"GpuTrainer worker {number}" };
            worker.Thread.Start();
        }
    }

    /// <summary>Runs all items of a job and returns when they are done. Jobs that several threads bring run one after the other.</summary>
    /// <exception cref="ObjectDisposedException">the pool has ended</exception>
    /// <exception cref="InvalidOperationException">the job was brought by a job of this pool, which would wait for itself</exception>
    /// <exception cref="Exception">what the job threw, on whichever thread; its other items may then not have been done</exception>
    public void Run(ICpuJob job, int items, int cost)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        var participants = (int)Math.Min(Math.Min(_threads, items), (long)items * cost / (MinSharedCost / 2));
        if (participants < 2)
        {
            job.RunItems(0, items);
            return;
        }

        ThrowIfReentrant();
        Exception? failure;
        lock (_jobLock)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            failure = RunShared(job, items, participants);
        }

        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    public void Dispose()
    {
        if (_stopping) return;
        ThrowIfReentrant();
        lock (_jobLock)
        {
            if (_stopping) return;
            _stopping = true;
        }

        foreach (var worker in _workers) worker.Wake.Set();
        foreach (var worker in _workers)
        {
            worker.Thread!.Join();
            worker.Wake.Dispose();
        }
    }

    private void ThrowIfReentrant()
    {
        if (_current == this) throw new InvalidOperationException("a kernel cannot use the device that runs it; launch from outside, one kernel after the other");
    }

    // What went wrong, or null.
    private Exception? RunShared(ICpuJob job, int items, int participants)
    {
        _job = job;
        _chunk = Math.Max(1, items / (participants * ChunksPerThread));
        for (var i = 0; i < participants; i++)
        {
            _next[i].Value = (long)items * i / participants;
            _end[i] = (int)((long)items * (i + 1) / participants);
        }

        var generation = (_state.Value >> 16) + 1;
        Interlocked.Exchange(ref _gate.Value, (generation << 16) | GateOpen);
        Interlocked.Exchange(ref _state.Value, (generation << 16) | (long)participants);
        for (var i = 0; i < participants - 1; i++)
        {
            if (Volatile.Read(ref _workers[i].Asleep) == 1 && Interlocked.Exchange(ref _workers[i].Asleep, 0) == 1) _workers[i].Wake.Set();
        }

        var outer = _current;
        _current = this;
        Participate(job, 0, participants);
        _current = outer;
        Interlocked.And(ref _gate.Value, ~GateOpen);
        var spins = 0;
        while ((Volatile.Read(ref _gate.Value) & (GateOpen - 1)) != 0)
        {
            if (!_oversubscribed && ++spins < SpinsBeforeYield) Thread.SpinWait(8);
            else Thread.Yield();
        }

        _job = null;
        var failure = _failure;
        _failure = null;
        return failure;
    }

    // A failure is kept for the caller, and ends the work of all.
    private void Participate(ICpuJob job, int self, int participants)
    {
        try
        {
            for (var k = 0; k < participants; k++)
            {
                var owner = self + k < participants ? self + k : self + k - participants;
                var end = _end[owner];
                while (Volatile.Read(ref _next[owner].Value) < end && _failure is null)
                {
                    var from = Interlocked.Add(ref _next[owner].Value, _chunk) - _chunk;
                    if (from >= end) break;
                    job.RunItems((int)from, (int)Math.Min(from + _chunk, end));
                }
            }
        }
        catch (Exception e)
        {
            _failure = e;
        }
    }

    private void Work(Worker self, int number)
    {
        _current = this;
        long seen = 0;
        while (true)
        {
            var state = WaitForWork(self, seen);
            if (_stopping) return;
            seen = state;
            var participants = (int)(state & 0xFFFF);
            if (number >= participants || !TryEnter(state >> 16)) continue;
            Participate(_job!, number, participants);
            Interlocked.Decrement(ref _gate.Value);
        }
    }

    // False when the job has been done without this worker.
    private bool TryEnter(long generation)
    {
        while (true)
        {
            var door = Volatile.Read(ref _gate.Value);
            if (door >> 16 != generation || (door & GateOpen) == 0) return false;
            if (Interlocked.CompareExchange(ref _gate.Value, door + 1, door) == door) return true;
        }
    }

    private long WaitForWork(Worker self, long seen)
    {
        while (true)
        {
            var spins = _oversubscribed ? 10 : SpinsBeforeSleep;
            for (var spin = 0; spin < spins; spin++)
            {
                var state = Volatile.Read(ref _state.Value);
                if (state != seen || _stopping) return state;
                Thread.SpinWait(4);
            }

            Interlocked.Exchange(ref self.Asleep, 1);
            if (Volatile.Read(ref _state.Value) != seen || _stopping)
            {
                // Work came between looking and lying down. If the caller has seen this thread asleep, its signal is under way: take it.
                if (Interlocked.Exchange(ref self.Asleep, 0) == 0) self.Wake.WaitOne();
                continue;
            }

            self.Wake.WaitOne();
        }
    }

    // Each counter on a cache line of its own: threads that take chunks must not slow each other down.
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct PaddedCounter
    {
        [FieldOffset(64)]
        public long Value;
    }

    private sealed class Worker
    {
        public readonly AutoResetEvent Wake = new(false);
        public Thread? Thread;
        public int Asleep;
    }
}
