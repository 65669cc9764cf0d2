using Gpu.Kernels.Devices;

namespace Gpu.Training.Loop;

/// <summary>Copies the pixels of an image.</summary>
/// <param name="index">index of the image</param>
/// <param name="destination">receives the pixels</param>
internal delegate void PixelReader(int index, Span<byte> destination);

/// <summary>
/// A window of the images of a split in device memory (<see cref="Kernels.BatchShape.Window"/>), for splits that are larger than the memory. It has two
/// chunks of consecutive positions of the sample order: batches are gathered from one while a thread of the host reads the images of the next one.
/// </summary>
internal sealed class PixelWindow : IDisposable
{
    // Enough to hide the start of a disk access, and small beside the activations of a network for such images.
    private const int ChunkBytes = 16 << 20;
    private const int Chunks = 2;

    private readonly ComputeDevice _device;
    private readonly DeviceView _view;
    private readonly PixelReader _read;
    private readonly int _imageBytes;
    private readonly int _chunkSamples;
    private readonly byte[] _staging;
    private readonly int[] _loaded = new int[Chunks];
    private int[] _order = [];
    private Task? _reading;
    private int _inStaging = -1;

    /// <summary>Creates an empty window.</summary>
    /// <param name="device">the device</param>
    /// <param name="view">device memory for <see cref="SamplesFor"/> images</param>
    /// <param name="read">reads an image; called by another thread</param>
    /// <param name="imageBytes">bytes of an image</param>
    /// <param name="samples">images in the window, as given by <see cref="SamplesFor"/></param>
    public PixelWindow(ComputeDevice device, DeviceView view, PixelReader read, int imageBytes, int samples)
    {
        _device = device;
        _view = view;
        _read = read;
        _imageBytes = imageBytes;
        _chunkSamples = samples / Chunks;
        _staging = new byte[checked(_chunkSamples * imageBytes)];
    }

    /// <summary>Images in the window of a split: two chunks of at least a batch each. A multiple of 8, so that chunks start at whole words.</summary>
    public static int SamplesFor(int batch, int imageBytes) => Chunks * ((Math.Max(batch, ChunkBytes / imageBytes) + 3) / 4 * 4);

    /// <summary>Starts over with a sample order. The order must not change while batches are used.</summary>
    public void Begin(int[] order)
    {
        Wait();
        _order = order;
        _inStaging = -1;
        Array.Fill(_loaded, -1);
    }

    /// <summary>Loads the images at positions of the order, before launches that gather them. Positions must ascend from batch to batch.</summary>
    /// <exception cref="Data.DatasetException">an image cannot be read</exception>
    public void Require(int from, int count)
    {
        for (var chunk = from / _chunkSamples; chunk <= (from + count - 1) / _chunkSamples; chunk++)
            if (_loaded[chunk % Chunks] != chunk) Load(chunk);
    }

    /// <summary>Waits for the thread that reads.</summary>
    public void Dispose()
    {
        try
        {
            Wait();
        }
        catch (Exception e) when (e is Data.DatasetException or ObjectDisposedException)
        {
            // The images are not needed any more.
        }
    }

    private void Load(int chunk)
    {
        Wait();
        if (_inStaging != chunk) Read(chunk);
        var words = (int)((long)_chunkSamples * _imageBytes / sizeof(float));
        // Launches that still read the previous content of the chunk are ordered before the copy.
        _device.Upload<byte>(_staging.AsSpan(0, Samples(chunk) * _imageBytes), _view.Slice(chunk % Chunks * words, _view.Length - chunk % Chunks * words));
        _loaded[chunk % Chunks] = chunk;
        var next = chunk + 1;
        if ((long)next * _chunkSamples >= _order.Length) return;
        _inStaging = next;
        _reading = Task.Run(() => Read(next));
    }

    private void Read(int chunk)
    {
        var (first, samples) = (chunk * _chunkSamples, Samples(chunk));
        for (var i = 0; i < samples; i++) _read(_order[first + i], _staging.AsSpan(i * _imageBytes, _imageBytes));
    }

    private int Samples(int chunk) => Math.Min(_chunkSamples, _order.Length - chunk * _chunkSamples);

    private void Wait()
    {
        var reading = _reading;
        _reading = null;
        reading?.GetAwaiter().GetResult();
    }
}
