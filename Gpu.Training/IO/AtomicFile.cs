namespace Gpu.Training.IO;

/// <summary>
/// Writes files atomically. The content is written to a temporary file in the same folder, flushed to the disk and renamed. On a failure the temporary file
/// is deleted and an existing file stays as it was. The next write of the same file removes the temporary files of writers that were killed.
/// </summary>
public static class AtomicFile
{
    // A writer holds its temporary file open until shortly before it renames it. This is far longer than the time between the two.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromMinutes(10);

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
        if (IsDevice(full))
            throw new IOException($"Cannot write the file '{path}': it is a device, which a file would replace. Give the name of a file.");
        Directory.CreateDirectory(folder);
        RemoveLeftovers(folder, Path.GetFileName(full), LeftoverAge);
        try
        {
            using var pending = PendingFile.Create(full, write);
            pending.Commit();
        }
        catch (IOException e)
        {
            throw new IOException($"Cannot write the file '{path}': {Reason(e)}.", e) { HResult = e.HResult };
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException($"Cannot write the file '{path}': access is denied.", e);
        }
    }

    // Renaming a file to /dev/null would remove the device, if the user may.
    private static bool IsDevice(string path) => !OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal)
        && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    // Without the temporary name, which says nothing to users.
    private static string Reason(IOException e)
    {
        var name = e.Message.IndexOf('\'', StringComparison.Ordinal);
        var reason = name > 0 ? e.Message[..name].TrimEnd(' ', ':') : e.Message.TrimEnd('.');
        return reason.Length > 1 ? char.ToLowerInvariant(reason[0]) + reason[1..] : reason;
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

    /// <summary>Deletes temporary files of writers that no longer exist. Files that cannot be deleted are left.</summary>
    /// <param name="folder">The folder of the files.</param>
    /// <param name="name">The name of the file that was written.</param>
    /// <param name="age">Younger temporary files are left, because their writer may be about to rename them; zero if there can be no other writer.</param>
    internal static void RemoveLeftovers(string folder, string name, TimeSpan age)
    {
        string[] found;
        try
        {
            found = Directory.GetFiles(folder, PendingFile.Pattern(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }

        foreach (var path in found)
        {
            try
            {
                if (DateTime.UtcNow - File.GetLastWriteTimeUtc(path) < age) continue;
                // Fails while the writer has it open.
                using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                }

                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }
    }
}
