using System.Formats.Tar;
using System.Text;

namespace Gpu.Training.IO;

/// <summary>
/// Opens regular files for reading. Pipes and devices are refused, because reading them can block or never end. Their length is 0, like that of an
/// empty file, so they are detected before they are opened.
/// </summary>
internal static class RegularFile
{
    /// <summary>The most bytes of a text file that is read as a whole.</summary>
    public const int MaxTextBytes = 64 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a text file of UTF-8, or of UTF-16 with a byte order mark.</summary>
    /// <exception cref="IOException">
    /// The path is an empty file, a folder, a pipe or a device; the file has more than <see cref="MaxTextBytes"/>, is no UTF-8, or cannot be read.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static string ReadAllText(string path)
    {
        using var file = OpenRead(path);
        if (file.Length > MaxTextBytes)
            throw new IOException($"it has {file.Length:N0} bytes, but at most {MaxTextBytes:N0} are read.");
        try
        {
            using var reader = new StreamReader(file, Strict);
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException e)
        {
            throw new IOException("it is not UTF-8 text. Save it as UTF-8.", e);
        }
    }

    /// <summary>Opens a file that is not empty.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="IOException">The path is an empty file, a folder, a pipe or a device, or the file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static FileStream OpenRead(string path)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a folder.");
        if (IsEmpty(path))
            throw IsPipeOrDevice(path) ? NotRegular() : new IOException("it is empty.");
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        if (stream.CanSeek)
            return stream;
        stream.Dispose();
        throw NotRegular();
    }

    /// <summary>Whether a file is empty, or a pipe or a device. It is not opened.</summary>
    /// <exception cref="IOException">It does not exist, or is a folder.</exception>
    public static bool IsEmpty(string path) => Info(path).Length == 0;

    // .NET tells the type of a file only to the writer of tar archives. It opens regular files alone; this one is empty.
    private static bool IsPipeOrDevice(string path)
    {
        using var memory = new MemoryStream();
        try
        {
            using (var writer = new TarWriter(memory, leaveOpen: true)) writer.WriteEntry(Info(path).FullName, "file");
        }
        catch (IOException)
        {
            // A socket, which an archive cannot hold.
            return true;
        }

        memory.Position = 0;
        using var reader = new TarReader(memory);
        return reader.GetNextEntry()!.EntryType != TarEntryType.RegularFile;
    }

    private static IOException NotRegular() => new("it is not a regular file, but a pipe or a device.");

    /// <summary>Length and times of a file; of a link's target, where <see cref="FileInfo"/> would give those of the link.</summary>
    /// <exception cref="IOException">A link cannot be followed.</exception>
    public static FileInfo Info(string path)
    {
        var file = new FileInfo(path);
        return file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
    }
}
