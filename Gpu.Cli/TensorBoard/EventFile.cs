using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Google.Protobuf;
using Gpu.Cli.TensorBoard.Messages;

namespace Gpu.Cli.TensorBoard;

/// <summary>
/// An event file of TensorBoard: TFRecords of <see cref="Event"/> messages. Each process writes a file of its own; TensorBoard reads all files of a folder in
/// the order of their names.
/// </summary>
internal sealed class EventFile : IDisposable
{
    /// <summary>What the names of all event files begin with.</summary>
    public const string Prefix = "events.out.tfevents.";

    // From version 2 on, TensorBoard takes the start of a session, not a step that goes back, as the sign of a resume.
    private const string Version = "brain.Event:2";
    private const uint MaskDelta = 0xa282ead8;

    private static int _files;

    private readonly FileStream _file;

    private EventFile(FileStream file) => _file = file;

    /// <summary>The path of the file.</summary>
    public string Path => _file.Name;

    /// <summary>Creates a file in a folder and writes its version.</summary>
    /// <exception cref="IOException">the folder cannot be written</exception>
    public static EventFile Create(string folder)
    {
        var host = string.Concat(Environment.MachineName.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' ? letter : '_'));
        var number = Interlocked.Increment(ref _files);
        var seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString("D10", CultureInfo.InvariantCulture);
        var path = System.IO.Path.Combine(folder, $"{Prefix}{seconds}.{host}.{Environment.ProcessId}.{number}");
        var file = new EventFile(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete));
        file.Add(new Event { WallTime = Seconds(DateTime.UtcNow), FileVersion = Version });
        return file;
    }

    /// <summary>Seconds since 1970.</summary>
    public static double Seconds(DateTime time) => (time.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;

    /// <summary>The checksum of a TFRecord: CRC-32C, turned and moved so that a checksum of data with checksums stays sound.</summary>
    public static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        var sum = Checksum(data);
        return unchecked(BitOperations.RotateRight(sum, 15) + MaskDelta);
    }

    /// <summary>CRC-32C (Castagnoli).</summary>
    public static uint Checksum(ReadOnlySpan<byte> data)
    {
        var sum = uint.MaxValue;
        while (data.Length >= sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (var one in data) sum = BitOperations.Crc32C(sum, one);
        return ~sum;
    }

    /// <summary>Appends a record. A process that is killed may leave half of one at the end, which TensorBoard ignores.</summary>
    public void Add(Event item)
    {
        var data = item.ToByteArray();
        var record = new byte[12 + data.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedChecksum(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedChecksum(data));
        _file.Write(record);
    }

    /// <summary>Makes the records visible to readers.</summary>
    public void Flush() => _file.Flush();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
