using System.Globalization;

namespace Gpu.Kernels.Devices;

/// <summary>A device has too little memory.</summary>
public sealed class OutOfDeviceMemoryException : Exception
{
    /// <summary>An allocation failed.</summary>
    /// <param name="bytesNeeded">bytes that were asked for</param>
    /// <param name="bytesFree">bytes that the device could still give; null where that is not known</param>
    /// <param name="device">the device in words</param>
    /// <param name="inner">the driver's error; null where it was not tried</param>
    public OutOfDeviceMemoryException(long bytesNeeded, long? bytesFree, string device, Exception? inner)
        : base($"{device} could not allocate {Bytes(bytesNeeded)}{Free(bytesFree)}", inner)
    {
        BytesNeeded = bytesNeeded;
        BytesFree = bytesFree;
        Device = device;
    }

    /// <summary>A piece of work that has batches does not fit.</summary>
    /// <param name="work">what does not fit, such as <c>training cnn2 on batches of 128</c></param>
    /// <param name="bytesNeeded">bytes that it takes in all</param>
    /// <param name="bytesFree">bytes that the device could still give; null where that is not known</param>
    /// <param name="device">the device in words</param>
    /// <param name="largestBatch">the largest batch that would fit; 0 where none would, null where that is not known</param>
    /// <param name="inner">the allocation that failed; none where it was not tried</param>
    public OutOfDeviceMemoryException(string work, long bytesNeeded, long? bytesFree, string device, int? largestBatch, Exception? inner)
        : base($"{work} needs {Bytes(bytesNeeded)} on {device}{Free(bytesFree)}. {Suggestion(largestBatch)}", inner)
    {
        BytesNeeded = bytesNeeded;
        BytesFree = bytesFree;
        Device = device;
        LargestBatch = largestBatch;
        HasSuggestion = true;
    }

    /// <summary>Bytes that were asked for.</summary>
    public long BytesNeeded { get; }

    /// <summary>Bytes that the device could still give; null where that is not known.</summary>
    public long? BytesFree { get; }

    /// <summary>The device in words.</summary>
    public string Device { get; }

    /// <summary>The largest batch that would fit; 0 where none would, null where that is not known.</summary>
    public int? LargestBatch { get; }

    /// <summary>Whether the message says what to do.</summary>
    public bool HasSuggestion { get; }

    private static string Bytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes");

    private static string Free(long? bytes) => bytes is { } free ? $", where {Bytes(free)} are free" : "";

    private static string Suggestion(int? batch) => batch switch
    {
        null => "Use a smaller batch, a smaller model, or a device with more memory.",
        0 => "Not even a batch of 1 would fit: use fewer images, a smaller model, or a device with more memory.",
        _ => string.Create(CultureInfo.InvariantCulture, $"A batch of {batch} would fit."),
    };
}
