namespace Gpu.Training.IO;

/// <summary>
/// Writes files atomically. The content is written to a temporary file in the same folder, flushed to the disk and renamed. On a failure the temporary file
/// is deleted and an existing file stays as it was.
/// </summary>
public static class AtomicFile
{
    private static int _counter;

    /// <summary>Writes a file. Missing parent folders are created.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="write">Writes the content to the stream, which can seek. The method closes the stream.</param>
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

        // Process id and counter: several writers of the same file, in one or more processes, use different temporary files.
        var temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Environment.ProcessId}-{Interlocked.Increment(ref _counter)}.tmp");
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

    // A failed delete must not hide the original exception.
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
