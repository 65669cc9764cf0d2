using System.Diagnostics;
using System.Threading.Channels;
using Gpu.Cli.Parsing;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Serving;

/// <summary>
/// Classifies images with runs. Images that arrive within <see cref="ServeSettings.BatchDelay"/> share a batch. One thread uses the device; the network of a
/// run is loaded once, and again when its weights change.
/// </summary>
internal sealed class PredictionQueue : IDisposable
{
    // Networks that stay loaded; the one that was used longest ago is removed first.
    private const int MostLoaded = 8;
    private const string RequestImage = "request body";

    private readonly ServeSettings _settings;
    private readonly RunCatalog _runs;
    private readonly ComputeDevice _device;
    private readonly Channel<Job> _jobs = Channel.CreateUnbounded<Job>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _decoders = new(Environment.ProcessorCount);
    private readonly List<Loaded> _loaded = [];
    private readonly Task _worker;
    private int _waiting;

    /// <summary>Starts the thread.</summary>
    /// <param name="settings">limits</param>
    /// <param name="runs">the runs</param>
    /// <param name="device">the device, which the caller disposes afterwards</param>
    public PredictionQueue(ServeSettings settings, RunCatalog runs, ComputeDevice device)
    {
        (_settings, _runs, _device) = (settings, runs, device);
        _worker = Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Number of batches that were run, for measurements.</summary>
    public long Batches { get; private set; }

    /// <summary>Takes a place in the queue. The caller disposes it when the request ends.</summary>
    /// <exception cref="RequestException">the queue is full</exception>
    public IDisposable Enter()
    {
        if (Interlocked.Increment(ref _waiting) <= _settings.QueueLength) return new Place(this);
        Interlocked.Decrement(ref _waiting);
        throw new RequestException(503, $"{_settings.QueueLength} images are being classified, which is the most at a time. Try again in a second.");
    }

    /// <summary>Classifies an image.</summary>
    /// <param name="name">name of the run</param>
    /// <param name="image">the bytes of an image file</param>
    /// <param name="cancellation">gives up</param>
    /// <exception cref="RequestException">there is no such run, it has no weights or is not on images, or the image has too many pixels</exception>
    /// <exception cref="ImageException">the image cannot be decoded, or does not fit the network</exception>
    public async Task<Prediction> Predict(string? name, byte[] image, CancellationToken cancellation)
    {
        var view = _runs.View(name);
        var run = view.Folder;
        if (run.Configuration.Table is not null)
            throw new RequestException(400, $"The run '{name}' was trained on a table. This page classifies images; use 'gputrainer predict' for tables.");
        if (view.IsSegmentation)
            throw new RequestException(400, $"The run '{name}' was trained on masks. This page gives a class for an image; use 'gputrainer predict --out'.");
        if (run.Configuration.Task == TaskKind.Generation)
            throw new RequestException(400, $"The run '{name}' is that of a generator, which takes no images. To draw some, use 'gputrainer generate'.");
        if (!view.ClassifiesImages)
            throw new RequestException(400, $"The run '{name}' has no classes. This page gives a class for an image; use 'gputrainer predict --out'.");
        if (!File.Exists(run.BestWeights)) throw new RequestException(409, $"The run '{name}' has no weights yet. Try again after its first epoch.");
        await _decoders.WaitAsync(cancellation);
        byte[] pixels;
        try
        {
            var (height, width) = ImageCodec.ReadSize(image, RequestImage);
            if ((long)height * width > _settings.MostPixels)
                throw new RequestException(413, $"The image has {height}x{width} pixels; at most {_settings.MostPixels} are accepted. Scale it down.");
            var background = run.Configuration.Options.Background;
            // The same steps as in the command predict.
            pixels = NetworkInput.Pixels(
                RequestImage, ImageCodec.Decode(image, RequestImage, background), run, NetworkInput.TransformOf(run), background);
        }
        finally
        {
            _decoders.Release();
        }

        var job = new Job(run, pixels, cancellation);
        _jobs.Writer.TryWrite(job);
        return await job.Result.Task.WaitAsync(cancellation);
    }

    /// <summary>Ends the thread and releases the networks.</summary>
    public void Dispose()
    {
        _jobs.Writer.TryComplete();
        _worker.Wait();
        foreach (var loaded in _loaded) loaded.Predictor.Dispose();
        _decoders.Dispose();
    }

    private void Work()
    {
        List<Job> batch = [];
        while (_jobs.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            Collect(batch);
            foreach (var group in batch.GroupBy(job => job.Run.Path)) Run([.. group.Where(job => !job.Cancellation.IsCancellationRequested)]);
            batch.Clear();
        }
    }

    private void Collect(List<Job> batch)
    {
        var start = Stopwatch.GetTimestamp();
        while (batch.Count < _settings.Batch)
        {
            if (_jobs.Reader.TryRead(out var job))
            {
                batch.Add(job);
                continue;
            }

            var left = _settings.BatchDelay - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) return;
            Thread.Sleep(TimeSpan.FromMilliseconds(Math.Clamp(left.TotalMilliseconds, 0, 1)));
        }
    }

    private void Run(Job[] jobs)
    {
        if (jobs.Length == 0) return;
        try
        {
            var predictor = Open(jobs[0].Run);
            var start = Stopwatch.GetTimestamp();
            var pixels = new byte[jobs.Sum(job => job.Pixels.Length)];
            foreach (var (i, job) in jobs.Index()) job.Pixels.CopyTo(pixels, i * job.Pixels.Length);
            var probabilities = predictor.Predict(pixels, jobs.Length);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var names = NetworkInput.ClassNames(jobs[0].Run);
            Batches++;
            for (var i = 0; i < jobs.Length; i++)
            {
                var row = new float[names.Length];
                for (var c = 0; c < row.Length; c++) row[c] = probabilities[i, c];
                jobs[i].Result.TrySetResult(new Prediction(names, row, jobs.Length, seconds));
            }
        }
        catch (Exception e)
        {
            foreach (var job in jobs) job.Result.TrySetException(e);
        }
    }

    private Predictor Open(RunFolder run)
    {
        var stamp = File.GetLastWriteTimeUtc(run.BestWeights);
        var known = _loaded.FindIndex(loaded => loaded.Path == run.Path);
        if (known >= 0)
        {
            var loaded = _loaded[known];
            _loaded.RemoveAt(known);
            if (loaded.Stamp == stamp)
            {
                _loaded.Add(loaded);
                return loaded.Predictor;
            }

            loaded.Predictor.Dispose();
        }

        if (_loaded.Count >= MostLoaded)
        {
            _loaded[0].Predictor.Dispose();
            _loaded.RemoveAt(0);
        }

        var predictor = Predictor.Open(run.Path, _device, _settings.Batch);
        _loaded.Add(new Loaded(run.Path, stamp, predictor));
        return predictor;
    }

    private sealed record Loaded(string Path, DateTime Stamp, Predictor Predictor);

    private sealed record Job(RunFolder Run, byte[] Pixels, CancellationToken Cancellation)
    {
        public TaskCompletionSource<Prediction> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Place(PredictionQueue queue) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0) Interlocked.Decrement(ref queue._waiting);
        }
    }
}

/// <summary>What a network says of an image.</summary>
/// <param name="ClassNames">the classes</param>
/// <param name="Probabilities">their probabilities</param>
/// <param name="Batch">images that were run together</param>
/// <param name="Seconds">time of the network for the batch</param>
internal sealed record Prediction(string[] ClassNames, float[] Probabilities, int Batch, double Seconds);
