using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>
/// A binary data file that is read once from front to back, plain or gzip, which the first two bytes tell, not the name. Every failure is a
/// <see cref="DatasetException"/> with the file's name.
/// </summary>
internal sealed class DatasetFile : IDisposable
{
    // Deflate cannot make more than 1032 bytes from one: the longest match is 258 bytes and takes at least two bits.
    private const long MostBytesFromOne = 1032;

    private readonly Stream stream;
    private readonly long fileLength;
    private long position;

    private DatasetFile(string path, FileStream file, bool isGzip)
    {
        FilePath = path;
        IsGzip = isGzip;
        fileLength = file.Length;
        stream = isGzip ? new CheckedGzipStream(file) : file;
    }

    /// <summary>The path as it was given.</summary>
    public string FilePath { get; }

    /// <summary>Whether the content is decompressed on the way.</summary>
    public bool IsGzip { get; }

    /// <summary>An upper bound of the content's length: nothing larger needs to be allocated before reading.</summary>
    public long MostBytes => IsGzip ? fileLength * MostBytesFromOne : fileLength;

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

    /// <summary>Reads exactly as many bytes as fit, or reports that the file is truncated.</summary>
    /// <param name="destination">What to fill.</param>
    /// <param name="expectedTotal">Bytes that the whole content should have, for the message.</param>
    /// <param name="meaning">What these bytes are, for the message, such as "60000 labels".</param>
    public void Read(Span<byte> destination, long expectedTotal, string meaning)
    {
        while (destination.Length > 0)
        {
            var read = ReadSome(destination);
            if (read == 0)
                throw Truncated(expectedTotal, meaning, position);
            destination = destination[read..];
        }
    }

    /// <summary>Fails unless the content can have so many bytes, before anything of that size is allocated.</summary>
    public void CheckCanHold(long expectedTotal, string meaning)
    {
        if (!IsGzip && fileLength < expectedTotal)
            throw Truncated(expectedTotal, meaning, fileLength);
        if (expectedTotal > MostBytes)
        {
            throw new DatasetException(
                $"The file '{FilePath}' is truncated or its header is damaged: {meaning} need {expectedTotal} bytes, but the {fileLength} bytes of gzip "
                + $"in it cannot hold more than {MostBytes}. Download or write the file again.");
        }
    }

    /// <summary>Fails when anything follows what was read. Of gzip, the checksums are compared here.</summary>
    public void ExpectEnd(string meaning)
    {
        Span<byte> one = stackalloc byte[1];
        var expected = position;
        if (ReadSome(one) == 0)
            return;
        var surplus = IsGzip ? "more bytes follow" : $"{fileLength - expected} more bytes follow";
        throw new DatasetException(
            $"The file '{FilePath}' is too long: {meaning} take {expected} bytes, but {surplus}. The header does not belong to this content; download or "
            + "write the file again.");
    }

    public void Dispose() => stream.Dispose();

    private DatasetException Truncated(long expected, string meaning, long found) => new(
        $"The file '{FilePath}' is truncated: {meaning} need {expected} bytes, but only {found} were found{(IsGzip ? " after decompression" : "")}. "
        + "Download or write the file again.");

    private int ReadSome(Span<byte> destination)
    {
        try
        {
            var read = stream.Read(destination);
            position += read;
            return read;
        }
        catch (InvalidDataException e)
        {
            throw new DatasetException(
                $"The gzip file '{FilePath}' is damaged or cut off after {position} bytes of content: {e.Message} Download or write the file again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The file '{FilePath}' cannot be read: {e.Message}", e);
        }
    }
}
