using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>
/// Sequential reader of a binary data file. Files that start with the gzip signature are decompressed, whatever their name. Every failure is a
/// <see cref="DatasetException"/> that names the file.
/// </summary>
internal sealed class DatasetFile : IDisposable
{
    // Deflate expands a byte to at most 1032 bytes: the longest match is 258 bytes and takes at least two bits.
    private const long MaxExpansion = 1032;

    private readonly Stream _stream;
    private readonly long _fileLength;
    private long _position;

    private DatasetFile(string path, FileStream file, bool isGzip)
    {
        FilePath = path;
        IsGzip = isGzip;
        _fileLength = file.Length;
        _stream = isGzip ? new CheckedGzipStream(file) : file;
    }

    /// <summary>The path as given by the caller.</summary>
    public string FilePath { get; }

    /// <summary>True if the file is decompressed.</summary>
    public bool IsGzip { get; }

    /// <summary>Upper bound of the content length in bytes. Nothing larger needs to be allocated before reading.</summary>
    public long MaxLength => IsGzip ? _fileLength * MaxExpansion : _fileLength;

    public static DatasetFile Open(string path)
    {
        FileStream? file = null;
        try
        {
            if (Directory.Exists(path))
                throw new DatasetException($"'{path}' is a folder, but a file was expected. Name a file in it.");
            file = RegularFile.OpenRead(path);
            var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            return new DatasetFile(path, file, isGzip);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DatasetException($"The file '{path}' does not exist. Check the path, or download the data set again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            file?.Dispose();
            throw new DatasetException($"The file '{path}' cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Fills the buffer, or throws if the file is truncated.</summary>
    /// <param name="destination">The buffer.</param>
    /// <param name="expectedTotal">Expected length of the whole content in bytes, for the message.</param>
    /// <param name="meaning">What the content is, for the message, such as "60000 labels".</param>
    public void Read(Span<byte> destination, long expectedTotal, string meaning)
    {
        while (destination.Length > 0)
        {
            var read = ReadSome(destination);
            if (read == 0)
                throw Truncated(expectedTotal, meaning, _position);
            destination = destination[read..];
        }
    }

    /// <summary>Throws if the content cannot have this many bytes. Call it before allocating them.</summary>
    public void CheckCanHold(long expectedTotal, string meaning)
    {
        if (!IsGzip && _fileLength < expectedTotal)
            throw Truncated(expectedTotal, meaning, _fileLength);
        if (expectedTotal > MaxLength)
        {
            throw new DatasetException(
                $"The file '{FilePath}' is truncated or its header is damaged: {meaning} need {expectedTotal} bytes, but the {_fileLength} bytes of gzip "
                + $"in it cannot hold more than {MaxLength}. Download or write the file again.");
        }
    }

    /// <summary>Throws if the content continues. This also verifies the checksum of a gzip file.</summary>
    public void ExpectEnd(string meaning)
    {
        Span<byte> one = stackalloc byte[1];
        var expected = _position;
        if (ReadSome(one) == 0)
            return;
        var surplus = IsGzip ? "more bytes follow" : $"{_fileLength - expected} more bytes follow";
        throw new DatasetException(
            $"The file '{FilePath}' is too long: {meaning} take {expected} bytes, but {surplus}. The header does not belong to this content; download or "
            + "write the file again.");
    }

    public void Dispose() => _stream.Dispose();

    private DatasetException Truncated(long expected, string meaning, long found) => new(
        $"The file '{FilePath}' is truncated: {meaning} need {expected} bytes, but only {found} were found{(IsGzip ? " after decompression" : "")}. "
        + "Download or write the file again.");

    private int ReadSome(Span<byte> destination)
    {
        try
        {
            var read = _stream.Read(destination);
            _position += read;
            return read;
        }
        catch (InvalidDataException e)
        {
            throw new DatasetException(
                $"The gzip file '{FilePath}' is damaged or truncated after {_position} bytes of content: the compressed data or their checksum are invalid. "
                + "Download or write the file again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The file '{FilePath}' cannot be read: {e.Message}", e);
        }
    }
}
