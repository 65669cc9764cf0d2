using System.Buffers.Binary;
using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Gpu.Training.Data.Cache;

/// <summary>
/// A file of decoded images of one size: a header, a table with the checksum and the sums of each image, and the pixels [count, height, width, channels].
/// Header and table are mapped into memory. The pixels are read where they are used, so that the file can be larger than the memory: mapped pages would count
/// as memory of the process until another one needs it. The operating system keeps what it read.
/// </summary>
/// <remarks>
/// Layout, little-endian: "GTPIXEL2"; count, height, width, channels as 32-bit integers; the 16 bytes of the key; the XXH3 of the table; from byte
/// <see cref="HeaderBytes"/> the table; from the next multiple of 4096 the pixels. An entry of the table is the XXH3 of the pixels (0: the image could not be
/// decoded), for each of three channels the sum and the sum of squares, 1 if the image is gray, and the lower and upper half of the XXH3 of the image file,
/// all as 64-bit integers.
/// </remarks>
internal sealed unsafe class PixelFile : IDisposable
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderBytes = 64;

    /// <summary>Bytes of an entry of the table.</summary>
    public const int EntryBytes = 10 * sizeof(ulong);

    private const int PageBytes = 4096;
    private static readonly byte[] Magic = "GTPIXEL2"u8.ToArray();
    private readonly SafeFileHandle _handle;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly long _pixels;
    private bool _isDisposed;

    private PixelFile(string path, PixelFileHeader header, SafeFileHandle handle, MemoryMappedFile file, MemoryMappedViewAccessor view)
    {
        _handle = handle;
        Path = path;
        Header = header;
        _file = file;
        _view = view;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
        _pixels = PixelOffset(header.Count);
    }

    /// <summary>Closes the file if nobody disposed it.</summary>
    ~PixelFile() => Release();

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The sizes and the key.</summary>
    public PixelFileHeader Header { get; }

    /// <summary>
    /// Decodes an image again whose pixels were damaged since the file was written, given its index; null if there is nothing to decode from. May be called
    /// by several threads.
    /// </summary>
    public Func<int, byte[]?>? DecodeAgain { get; set; }

    /// <summary>Bytes of a file.</summary>
    public static long FileBytes(PixelFileHeader header) => PixelOffset(header.Count) + (long)header.Count * header.ImageBytes;

    /// <summary>Opens a file and checks its header. The hashes of the images are checked when they are read.</summary>
    /// <exception cref="InvalidDataException">the file is damaged, truncated, or not a pixel file</exception>
    /// <exception cref="IOException">the file cannot be read</exception>
    /// <exception cref="UnauthorizedAccessException">access is denied</exception>
    public static PixelFile Open(string path)
    {
        // Opening a pipe would wait for a writer; its length is 0.
        if (new FileInfo(path).Length < HeaderBytes) throw new InvalidDataException($"'{path}' is truncated");
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        MemoryMappedFile? file = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            var length = RandomAccess.GetLength(handle);
            var bytes = new byte[HeaderBytes];
            if (length < HeaderBytes || RandomAccess.Read(handle, bytes, 0) < HeaderBytes) throw new InvalidDataException($"'{path}' is truncated");
            var header = ReadHeader(path, bytes, length, out var tableHash);
            file = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = file.CreateViewAccessor(0, HeaderBytes + (long)header.Count * EntryBytes, MemoryMappedFileAccess.Read);
            var opened = new PixelFile(path, header, handle, file, view);
            if (XxHash3.HashToUInt64(opened.Span(HeaderBytes, (long)header.Count * EntryBytes)) == tableHash) return opened;
            opened.Dispose();
            throw new InvalidDataException($"the checksum of '{path}' is wrong");
        }
        catch
        {
            view?.Dispose();
            file?.Dispose();
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Copies the pixels of an image, and checks them.</summary>
    /// <param name="index">the image</param>
    /// <param name="destination">receives the pixels; as long as an image</param>
    /// <exception cref="InvalidDataException">the file was changed since it was written</exception>
    public void Read(int index, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if ((uint)index >= (uint)Header.Count) throw new ArgumentOutOfRangeException(nameof(index));
        var image = destination[..Header.ImageBytes];
        for (var read = 0; read < image.Length;)
        {
            var count = RandomAccess.Read(_handle, image[read..], _pixels + (long)index * Header.ImageBytes + read);
            if (count == 0) break;
            read += count;
        }

        if (Checksum(image) == Word(index, 0)) return;
        if (DecodeAgain?.Invoke(index) is not { } pixels || pixels.Length != Header.ImageBytes || Checksum(pixels) != Word(index, 0))
            throw new InvalidDataException($"image {index} of the cache file '{Path}' is damaged");
        pixels.CopyTo(destination);
        Repair(index, pixels);
    }

    /// <summary>The checksum of the pixels of an image; 0 if it could not be decoded.</summary>
    public ulong PixelChecksum(int index) => Word(index, 0);

    /// <summary>The XXH3 of the file that an image was decoded from.</summary>
    public UInt128 SourceHash(int index) => new(Word(index, 9), Word(index, 8));

    /// <summary>Whether an image could not be decoded.</summary>
    public bool IsMissing(int index) => Word(index, 0) == 0;

    /// <summary>Whether an image is gray.</summary>
    public bool IsGray(int index) => Word(index, 7) == 1;

    /// <summary>The sum of a channel of an image, and the sum of its squares.</summary>
    public (ulong Sum, ulong Squares) Sums(int index, int channel) => (Word(index, 1 + 2 * channel), Word(index, 2 + 2 * channel));

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Offset of the pixels of a file.</summary>
    internal static long PixelOffset(int count) => (HeaderBytes + (long)count * EntryBytes + PageBytes - 1) / PageBytes * PageBytes;

    /// <summary>The checksum of the pixels of an image, which is never 0.</summary>
    internal static ulong Checksum(ReadOnlySpan<byte> pixels) => Math.Max(1, XxHash3.HashToUInt64(pixels));

    internal static byte[] WriteHeader(PixelFileHeader header, ReadOnlySpan<byte> table)
    {
        var bytes = new byte[HeaderBytes];
        Magic.CopyTo(bytes, 0);
        int[] sizes = [header.Count, header.Height, header.Width, header.Channels];
        for (var i = 0; i < sizes.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8 + 4 * i), sizes[i]);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(24), header.Key);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), XxHash3.HashToUInt64(table));
        return bytes;
    }

    private static PixelFileHeader ReadHeader(string path, byte[] bytes, long length, out ulong tableHash)
    {
        if (!bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic)) throw new InvalidDataException($"'{path}' is not a file of pixels");
        int Size(int index) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8 + 4 * index));
        var header = new PixelFileHeader(Size(0), Size(1), Size(2), Size(3), BinaryPrimitives.ReadUInt128LittleEndian(bytes.AsSpan(24)));
        tableHash = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(40));
        if (header.Count < 1 || header.Height < 1 || header.Width < 1 || header.Channels is < 1 or > 3
            || (Int128)header.Height * header.Width * header.Channels > int.MaxValue)
            throw new InvalidDataException($"the header of '{path}' is damaged");
        return FileBytes(header) == length ? header : throw new InvalidDataException(
            $"'{path}' has {length} bytes, but {FileBytes(header)} are expected: it is truncated or damaged");
    }

    // Writes the pixels over the damaged ones. A write that is cut off is found by the checksum, as the damage was.
    private void Repair(int index, byte[] pixels)
    {
        try
        {
            using var file = File.OpenHandle(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(file, pixels, _pixels + (long)index * Header.ImageBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The image is decoded each time it is read.
        }
    }

    private ulong Word(int index, int word) =>
        BinaryPrimitives.ReadUInt64LittleEndian(Span(HeaderBytes + (long)index * EntryBytes + word * sizeof(ulong), sizeof(ulong)));

    // The table of 33 million images fits.
    private ReadOnlySpan<byte> Span(long offset, long length) => new(_start + offset, checked((int)length));

    private void Release()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        _handle.Dispose();
    }
}

/// <summary>The sizes of a <see cref="PixelFile"/> and what it was made from.</summary>
/// <param name="Count">number of images</param>
/// <param name="Height">height of the images, in pixels</param>
/// <param name="Width">width of the images, in pixels</param>
/// <param name="Channels">values per pixel</param>
/// <param name="Key">hash of the names, sizes and times of the source files and of how they were decoded</param>
internal readonly record struct PixelFileHeader(int Count, int Height, int Width, int Channels, UInt128 Key)
{
    /// <summary>Bytes of an image.</summary>
    public int ImageBytes => checked(Height * Width * Channels);
}
