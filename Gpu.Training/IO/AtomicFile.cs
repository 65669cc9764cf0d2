namespace Gpu.Training.IO;

/// <summary>
/// Writes files so that a reader never sees half of one: the content goes to a temporary file in the same folder, is flushed to the disk, and
/// only then takes the name it was meant for. When anything fails the temporary file is deleted and what was there before stays as it was.
/// </summary>
public static class AtomicFile
{
    private static int counter;

    /// <summary>Writes <paramref name="path"/> with what <paramref name="write"/> puts into the stream. Missing parent folders are created.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="write">Writes the content; the stream can be written and sought, and is closed by this method.</param>
    /// <exception cref="IOException">The path is a folder, or the file system refused (full, read-only, no such drive).</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(write);
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new IOException($"Cannot write the file '{path}': a folder of that name exists. Choose another file name, or move the folder away.");
        var folder = Path.GetDirectoryName(full)
            ?? throw new IOException($"Cannot write '{path}': it names the root of a file system. Give a file name.");
        Directory.CreateDirectory(folder);

        // The process id and a counter keep two writers of the same file, in one process or in two, apart.
        var temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Environment.ProcessId}-{Interlocked.Increment(ref counter)}.tmp");
        var created = false;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            {
                created = true;
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            if (created)
                DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>Writes <paramref name="content"/> to <paramref name="path"/>; see <see cref="Write"/>.</summary>
    public static void WriteAllBytes(string path, byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        Write(path, stream => stream.Write(content));
    }

    /// <summary>Writes <paramref name="content"/> to <paramref name="path"/> as UTF-8 without a byte-order mark; see <see cref="Write"/>.</summary>
    public static void WriteAllText(string path, string content)
    {
        ArgumentNullException.ThrowIfNull(content);
        WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes(content));
    }

    // The failure that led here is the one worth reporting; a temporary file that cannot be deleted must not hide it.
    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
    }
}
