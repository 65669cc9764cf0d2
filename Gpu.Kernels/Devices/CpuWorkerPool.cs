using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

/// <summary>Work that can be divided into ranges of items.</summary>
internal interface ICpuJob
{
    /// <summary>Runs the items from <paramref name="from"/> to <paramref name="to"/> - 1.</summary>
    void RunItems(int from, int to);
}

/// <summary>
/// Threads that share the items of a launch. Each starts with its own range, the same one in every launch, so that its caches still hold what the last launch
/// wrote. When it has finished it takes chunks of the other ranges (work stealing). Items are independent, so the results do not depend on the schedule.
/// </summary>
internal sealed class CpuWorkerPool : IDisposable
{
    // In vector instructions. Below this, waking a second thread (1 to 2 microseconds) costs more than it saves.
    private const long MinSharedCost = 6_000;
    private const int ChunksPerThread = 8;
    // A worker spins for about 100 microseconds before it sleeps. The launches of a step follow each other much faster.
    private const int SpinsBeforeSleep = 4_000;
    private const int SpinsBeforeYield = 20_000;
    private const long GateOpen = 1 << 15;

    private readonly int _threads;
    // With more threads than processors, a waiting thread must yield at once.
    private readonly bool _oversubscribed;
    private readonly Worker[] _workers;
    private readonly PaddedCounter[] _next;
    private readonly int[] _end;
    private readonly Lock _jobLock = new();
    private ICpuJob? _job;
    private int _chunk;
    private volatile Exception? _failure;
    private PaddedCounter _state; // generation << 16 | participants
    // The gate of a job: generation << 16 | GateOpen | workers inside. When no chunks are left, the calling thread closes the gate and waits only for the
    // workers inside. A worker that the operating system has not scheduled yet thus does not delay a job that the others have finished.
    private PaddedCounter _gate;
    private volatile bool _stopping;

    // The pool whose job this thread is running.
    [ThreadStatic]
    private static CpuWorkerPool? _current;

    // The pool for one of whose tasks this thread runs; see RunTasks.
    [ThreadStatic]
    private static CpuWorkerPool? _taskOf;

    // The number of this thread among those that share the job.
    [ThreadStatic]
    private static int _number;

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

    /// <summary>Runs all items of a job, and returns when they have finished. Jobs from several threads run one after another.</summary>
    /// <exception cref="ObjectDisposedException">the pool is disposed</exception>
    /// <exception cref="InvalidOperationException">called from a job of this pool, which would wait for itself</exception>
    /// <exception cref="Exception">the exception of the job, from any thread; other items may not have run</exception>
    public void Run(ICpuJob job, int items, int cost)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        var participants = (int)Math.Min(Math.Min(_threads, items), (long)items * cost / (MinSharedCost / 2));
        if (participants < 2 || _taskOf == this)
        {
            job.RunItems(0, items);
            return;
        }

        RunOnThreads(job, items, participants);
    }

    /// <summary>
    /// Runs tasks of many launches, each on one thread, and returns when they have finished. The launches of a task run on its thread alone.
    /// </summary>
    /// <param name="tasks">the number of tasks</param>
    /// <param name="run">runs a task; receives its index, and the number of the thread from 0 to the threads of the pool - 1</param>
    /// <exception cref="ObjectDisposedException">the pool is disposed</exception>
    /// <exception cref="InvalidOperationException">called from a task or a job of this pool</exception>
    public void RunTasks(int tasks, Action<int, int> run)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (tasks > 0) RunOnThreads(new Tasks(this, run), tasks, Math.Min(_threads, tasks));
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

    private void RunOnThreads(ICpuJob job, int items, int participants)
    {
        ThrowIfReentrant();
        Exception? failure;
        lock (_jobLock)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            failure = RunShared(job, items, participants);
        }

        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }

    private void ThrowIfReentrant()
    {
        if (_current == this || _taskOf == this)
            throw new InvalidOperationException("a kernel cannot use the device that runs it; launch the next kernel after the first one returns");
    }

    // Returns the exception of the job, or null.
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

    // An exception is stored for the caller, and stops all threads.
    private void Participate(ICpuJob job, int self, int participants)
    {
        _number = self;
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
        // For the life of the thread, which runs nothing else.
        using var mode = FlushToZero.Enter();
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

    // Returns false if the job has finished without this worker.
    private bool TryEnter(long generation)
    {
        while (true)
        {
            var gate = Volatile.Read(ref _gate.Value);
            if (gate >> 16 != generation || (gate & GateOpen) == 0) return false;
            if (Interlocked.CompareExchange(ref _gate.Value, gate + 1, gate) == gate) return true;
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
                // Work arrived after the last check. If the caller has seen this thread as asleep, its signal is coming: consume it.
                if (Interlocked.Exchange(ref self.Asleep, 0) == 0) self.Wake.WaitOne();
                continue;
            }

            self.Wake.WaitOne();
        }
    }

    // On its own cache line, so that threads which take chunks do not slow each other down (false sharing).
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct PaddedCounter
    {
        [FieldOffset(64)]
        public long Value;
    }

    private sealed class Tasks(CpuWorkerPool pool, Action<int, int> run) : ICpuJob
    {
        public void RunItems(int from, int to)
        {
            var outer = _taskOf;
            _taskOf = pool;
            try
            {
                for (var task = from; task < to; task++) run(task, _number);
            }
            finally
            {
                _taskOf = outer;
            }
        }
    }

    private sealed class Worker
    {
        public readonly AutoResetEvent Wake = new(false);
        public Thread? Thread;
        public int Asleep;
    }
}
