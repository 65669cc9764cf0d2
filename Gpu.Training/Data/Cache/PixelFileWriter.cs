using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Gpu.Training.Data.Cache;

/// <summary>
/// Writes a <see cref="PixelFile"/> image by image, from any thread and in any order. The file has a temporary name until <see cref="Complete"/>, so an
/// interrupted writer leaves no half-written file under the final name.
/// </summary>
internal sealed class PixelFileWriter : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private readonly PixelFileHeader _header;
    private readonly SafeFileHandle _file;
    private readonly byte[] _table;
    private bool _isComplete;

    /// <summary>Creates the temporary file. Missing folders are created.</summary>
    /// <exception cref="IOException">the file cannot be written, for example because the disk has too little space</exception>
    /// <exception cref="UnauthorizedAccessException">access is denied</exception>
    public PixelFileWriter(string path, PixelFileHeader header)
    {
        _path = Path.GetFullPath(path);
        _header = header;
        var folder = Path.GetDirectoryName(_path)!;
        Directory.CreateDirectory(folder);
        var bytes = PixelFile.FileBytes(header);
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (bytes > free)
        {
            throw new IOException(
                $"The cache of decoded images needs {bytes / 1e9:0.0} GB in '{folder}', but {free / 1e9:0.0} GB are free. Free some space "
                + "('data cache --clear'), or use a smaller --size.");
        }

        _temporary = Path.Combine(folder, $".{Path.GetFileName(_path)}.{Guid.NewGuid():N}.tmp");
        _file = File.OpenHandle(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, bytes);
        _table = new byte[checked(header.Count * PixelFile.EntryBytes)];
    }

    /// <summary>Writes an image; one that is not written counts as missing. Thread-safe for different images.</summary>
    /// <param name="index">the image</param>
    /// <param name="pixels">its pixels, [height, width, channels]</param>
    /// <param name="sourceHash">the XXH3 of the file that it was decoded from</param>
    public void Write(int index, ReadOnlySpan<byte> pixels, UInt128 sourceHash)
    {
        if (pixels.Length != _header.ImageBytes) throw new ArgumentException($"an image has {_header.ImageBytes} bytes, not {pixels.Length}", nameof(pixels));
        var entry = _table.AsSpan(index * PixelFile.EntryBytes, PixelFile.EntryBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(entry, PixelFile.Checksum(pixels));
        Span<ulong> words = stackalloc ulong[9];
        words.Clear();
        var isGray = true;
        var channels = _header.Channels;
        for (var i = 0; i < pixels.Length; i += channels)
        {
            for (var c = 0; c < channels; c++)
            {
                ulong value = pixels[i + c];
                words[2 * c] += value;
                words[2 * c + 1] += value * value;
                isGray &= pixels[i + c] == pixels[i];
            }
        }

        words[6] = isGray ? 1u : 0u;
        (words[7], words[8]) = ((ulong)sourceHash, (ulong)(sourceHash >> 64));
        for (var i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(entry[((i + 1) * sizeof(ulong))..], words[i]);
        RandomAccess.Write(_file, pixels, PixelFile.PixelOffset(_header.Count) + (long)index * _header.ImageBytes);
    }

    /// <summary>Writes the header, flushes the file to the disk and gives it its name.</summary>
    public void Complete()
    {
        RandomAccess.Write(_file, _table, PixelFile.HeaderBytes);
        RandomAccess.Write(_file, PixelFile.WriteHeader(_header, _table), 0);
        RandomAccess.FlushToDisk(_file);
        _file.Dispose();
        File.Move(_temporary, _path, overwrite: true);
        _isComplete = true;
    }

    /// <summary>Closes the file, and deletes it if it is not complete.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (!_isComplete) File.Delete(_temporary);
    }
}
