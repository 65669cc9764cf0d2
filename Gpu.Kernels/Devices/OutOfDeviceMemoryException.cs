using System.Globalization;

namespace Gpu.Kernels.Devices;

/// <summary>A device does not have enough memory.</summary>
public sealed class OutOfDeviceMemoryException : Exception
{
    /// <summary>An allocation failed.</summary>
    /// <param name="bytesNeeded">requested bytes</param>
    /// <param name="bytesFree">free bytes of the device; null if unknown</param>
    /// <param name="device">the description of the device</param>
    /// <param name="inner">the error of the driver; null if the allocation was not attempted</param>
    public OutOfDeviceMemoryException(long bytesNeeded, long? bytesFree, string device, Exception? inner)
        : base($"{device} could not allocate {Bytes(bytesNeeded)}{Free(bytesFree)}", inner)
    {
        BytesNeeded = bytesNeeded;
        BytesFree = bytesFree;
        Device = device;
    }

    /// <summary>Work on batches does not fit in the memory of a device.</summary>
    /// <param name="work">the work, such as <c>training cnn2 on batches of 128</c></param>
    /// <param name="bytesNeeded">bytes that the work needs</param>
    /// <param name="bytesFree">free bytes of the device; null if unknown</param>
    /// <param name="device">the description of the device</param>
    /// <param name="largestBatch">the largest batch that fits; 0 if none does, null if unknown</param>
    /// <param name="inner">the failed allocation; null if it was not attempted</param>
    public OutOfDeviceMemoryException(string work, long bytesNeeded, long? bytesFree, string device, int? largestBatch, Exception? inner)
        : base($"{work} needs {Bytes(bytesNeeded)} on {device}{Free(bytesFree)}. {Suggestion(largestBatch)}", inner)
    {
        BytesNeeded = bytesNeeded;
        BytesFree = bytesFree;
        Device = device;
        LargestBatch = largestBatch;
        HasSuggestion = true;
    }

    /// <summary>Bytes that the allocation or the work needs.</summary>
    public long BytesNeeded { get; }

    /// <summary>Free bytes of the device; null if unknown.</summary>
    public long? BytesFree { get; }

    /// <summary>The description of the device.</summary>
    public string Device { get; }

    /// <summary>The largest batch that fits; 0 if none does, null if unknown.</summary>
    public int? LargestBatch { get; }

    /// <summary>Whether the message suggests what to do.</summary>
    public bool HasSuggestion { get; }

    private static string Bytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes");

    private static string Free(long? bytes) => bytes is { } free ? $", where {Bytes(free)} are free" : "";

    private static string Suggestion(int? batch) => batch switch
    {
        null => "Use a smaller batch, smaller images, a smaller model, or a device with more memory.",
        0 => "Not even a batch of 1 would fit: use fewer or smaller images (--size), a smaller model, or a device with more memory.",
        _ => string.Create(CultureInfo.InvariantCulture, $"A batch of {batch} would fit."),
    };
}
