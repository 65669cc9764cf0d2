using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

public class CpuWorkerPoolTests
{
    // Makes a launch large enough to be shared, however few its items.
    private const int Expensive = 1_000_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void EveryItemIsDoneOnceInManySmallJobs(int threads)
    {
        using var pool = new CpuWorkerPool(threads);
        var random = new Random(threads);
        for (var round = 0; round < 2_000; round++)
        {
            var job = new Counting(random.Next(1, 70));
            pool.Run(job, job.Done.Length, random.Next(2) == 0 ? 1 : Expensive);
            Assert.All(job.Done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void NoItemsIsNoWork()
    {
        using var pool = new CpuWorkerPool(3);
        pool.Run(new Counting(0), 0, Expensive);
    }

    [Fact]
    public void ItemNumbersReachTheLargestInteger()
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
        var job = new Meeting(3);
        // Each item waits until all three threads are in one: a pool that left the work to fewer would not come back.
        pool.Run(job, 3, Expensive);
        Assert.Equal(3, job.Threads.Distinct().Count());
    }

    [Fact]
    public void WorkersThatFellAsleepWakeUp()
    {
        using var pool = new CpuWorkerPool(3);
        for (var round = 0; round < 20; round++)
        {
            Thread.Sleep(5);
            pool.Run(new Meeting(3), 3, Expensive);
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
            var error = Assert.Throws<InvalidDataException>(() => pool.Run(new Failing(bad), 100, Expensive));
            Assert.Equal($"item {bad}", error.Message);
            var job = new Counting(100);
            pool.Run(job, 100, Expensive);
            Assert.All(job.Done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void JobsOfSeveralThreadsDoNotMix()
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
                    pool.Run(job, job.Done.Length, Expensive);
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
    public void JobCannotBringAJobToItsOwnPool()
    {
        using var pool = new CpuWorkerPool(3);
        var error = Assert.Throws<InvalidOperationException>(() => pool.Run(new Nested(pool), 8, Expensive));
        Assert.Contains("a kernel cannot use the device that runs it", error.Message);
        using var other = new CpuWorkerPool(2);
        pool.Run(new Nested(other), 8, Expensive);
        pool.Run(new Counting(8), 8, Expensive);
    }

    [Fact]
    public void DisposedPoolRefusesWork()
    {
        var pool = new CpuWorkerPool(3);
        pool.Run(new Counting(8), 8, Expensive);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counting(8), 8, Expensive));
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counting(8), 8, 1));
    }

    [Fact]
    public void DisposeWaitsForTheJobOfAnotherThread()
    {
        var pool = new CpuWorkerPool(3);
        using var started = new ManualResetEventSlim();
        var job = new Slow(started);
        var thread = new Thread(() => pool.Run(job, 30, Expensive));
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

    private sealed class Meeting(int size) : ICpuJob
    {
        private readonly CountdownEvent _missing = new(size);

        public List<int> Threads { get; } = [];

        public void RunItems(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                lock (Threads) Threads.Add(Environment.CurrentManagedThreadId);
                _missing.Signal();
                Assert.True(_missing.Wait(TimeSpan.FromSeconds(60)), "not all threads of the pool came");
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
        public void RunItems(int from, int to) => pool.Run(new Counting(8), 8, Expensive);
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
