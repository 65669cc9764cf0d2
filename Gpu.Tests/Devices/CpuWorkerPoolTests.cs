using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

public class CpuWorkerPoolTests
{
    // A cost per item so high that the pool splits even a job of few items.
    private const int HighCost = 1_000_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void EveryItemRunsExactlyOnceInManySmallJobs(int threads)
    {
        using var pool = new CpuWorkerPool(threads);
        var random = new Random(threads);
        for (var round = 0; round < 2_000; round++)
        {
            var job = new Counting(random.Next(1, 70));
            pool.Run(job, job.Done.Length, random.Next(2) == 0 ? 1 : HighCost);
            Assert.All(job.Done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void ZeroItemsAreAccepted()
    {
        using var pool = new CpuWorkerPool(3);
        pool.Run(new Counting(0), 0, HighCost);
    }

    [Fact]
    public void ItemCountCanBeIntMaxValue()
    {
        using var pool = new CpuWorkerPool(3);
        var job = new Adding();
        pool.Run(job, int.MaxValue, 1);
        Assert.Equal((long)int.MaxValue, job.Items);
    }

    [Fact]
    public void WorkIsSharedAmongAllThreads()
    {
        using var pool = new CpuWorkerPool(3);
        var job = new Rendezvous(3);
        // Each item waits until all three threads are in one, so a pool that used fewer threads would time out.
        pool.Run(job, 3, HighCost);
        Assert.Equal(3, job.Threads.Distinct().Count());
    }

    [Fact]
    public void SleepingWorkersWakeUp()
    {
        using var pool = new CpuWorkerPool(3);
        for (var round = 0; round < 20; round++)
        {
            Thread.Sleep(5);
            pool.Run(new Rendezvous(3), 3, HighCost);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(99)]
    public void ExceptionOfAnyItemReachesTheCallerAndThePoolStaysUsable(int bad)
    {
        using var pool = new CpuWorkerPool(3);
        for (var round = 0; round < 20; round++)
        {
            var error = Assert.Throws<InvalidDataException>(() => pool.Run(new Failing(bad), 100, HighCost));
            Assert.Equal($"item {bad}", error.Message);
            var job = new Counting(100);
            pool.Run(job, 100, HighCost);
            Assert.All(job.Done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void ConcurrentJobsDoNotMix()
    {
        using var pool = new CpuWorkerPool(3);
        var failures = new List<Exception>();
        var threads = Enumerable.Range(0, 4).Select(number => new Thread(() =>
        {
            try
            {
                for (var round = 0; round < 300; round++)
                {
                    var job = new Counting(10 + number);
                    pool.Run(job, job.Done.Length, HighCost);
                    Assert.All(job.Done, count => Assert.Equal(1, count));
                }
            }
            catch (Exception e)
            {
                lock (failures) failures.Add(e);
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Empty(failures);
    }

    [Fact]
    public void NestedJobOnTheSamePoolThrows()
    {
        using var pool = new CpuWorkerPool(3);
        var error = Assert.Throws<InvalidOperationException>(() => pool.Run(new Nested(pool), 8, HighCost));
        Assert.Contains("a kernel cannot use the device that runs it", error.Message);
        using var other = new CpuWorkerPool(2);
        pool.Run(new Nested(other), 8, HighCost);
        pool.Run(new Counting(8), 8, HighCost);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void JobsOfATaskRunOnItsThreadAlone(int threads)
    {
        using var pool = new CpuWorkerPool(threads);
        var jobs = Enumerable.Range(0, 40).Select(_ => new Counting(50)).ToArray();
        var running = new int[threads];
        pool.RunTasks(jobs.Length, (task, thread) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running[thread]));
            var self = Environment.CurrentManagedThreadId;
            pool.Run(new OnThread(self), 8, HighCost);
            pool.Run(jobs[task], 50, HighCost);
            Interlocked.Decrement(ref running[thread]);
        });
        Assert.All(jobs, job => Assert.All(job.Done, count => Assert.Equal(1, count)));
    }

    [Fact]
    public void ATaskThatThrowsOrRunsTasksEndsWithItsException()
    {
        using var pool = new CpuWorkerPool(3);
        Assert.Throws<InvalidDataException>(() => pool.RunTasks(9, (task, _) => throw new InvalidDataException($"{task}")));
        Assert.Throws<InvalidOperationException>(() => pool.RunTasks(2, (_, _) => pool.RunTasks(2, (_, _) => { })));
        pool.RunTasks(0, (_, _) => throw new InvalidDataException());
        // The pool works as before.
        var job = new Counting(8);
        pool.Run(job, 8, HighCost);
        Assert.All(job.Done, count => Assert.Equal(1, count));
    }

    [Fact]
    public void DisposedPoolThrows()
    {
        var pool = new CpuWorkerPool(3);
        pool.Run(new Counting(8), 8, HighCost);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counting(8), 8, HighCost));
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counting(8), 8, 1));
    }

    [Fact]
    public void DisposeWaitsForTheJobOfAnotherThread()
    {
        var pool = new CpuWorkerPool(3);
        using var started = new ManualResetEventSlim();
        var job = new Slow(started);
        var thread = new Thread(() => pool.Run(job, 30, HighCost));
        thread.Start();
        started.Wait();
        pool.Dispose();
        Assert.Equal(30, job.Finished);
        thread.Join();
    }

    private sealed class Counting(int items) : ICpuJob
    {
        public int[] Done { get; } = new int[items];

        public void RunItems(int from, int to)
        {
            for (var i = from; i < to; i++) Interlocked.Increment(ref Done[i]);
        }
    }

    private sealed class Adding : ICpuJob
    {
        private long _items;

        public long Items => _items;

        public void RunItems(int from, int to)
        {
            Assert.InRange(from, 0, to);
            Interlocked.Add(ref _items, to - from);
        }
    }

    private sealed class Rendezvous(int size) : ICpuJob
    {
        private readonly CountdownEvent _missing = new(size);

        public List<int> Threads { get; } = [];

        public void RunItems(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                lock (Threads) Threads.Add(Environment.CurrentManagedThreadId);
                _missing.Signal();
                Assert.True(_missing.Wait(TimeSpan.FromSeconds(60)), "not all threads of the pool took an item");
            }
        }
    }

    private sealed class Failing(int bad) : ICpuJob
    {
        public void RunItems(int from, int to)
        {
            if (from <= bad && bad < to) throw new InvalidDataException($"item {bad}");
        }
    }

    private sealed class Nested(CpuWorkerPool pool) : ICpuJob
    {
        public void RunItems(int from, int to) => pool.Run(new Counting(8), 8, HighCost);
    }

    private sealed class OnThread(int thread) : ICpuJob
    {
        public void RunItems(int from, int to) => Assert.Equal(thread, Environment.CurrentManagedThreadId);
    }

    private sealed class Slow(ManualResetEventSlim started) : ICpuJob
    {
        private int _finished;

        public int Finished => _finished;

        public void RunItems(int from, int to)
        {
            started.Set();
            Thread.Sleep(2);
            Interlocked.Add(ref _finished, to - from);
        }
    }
}
