namespace Gpu.Training.IO;

/// <summary>A file whose content is complete under a temporary name and on the disk. <see cref="Commit"/> gives it its name.</summary>
internal sealed class PendingFile : IDisposable
{
    private static readonly AsyncLocal<Func<string, Stream, Stream>?> Opened = new();

    private readonly string _temporary;
    private bool _exists = true;

    private PendingFile(string path, string temporary)
    {
        Path = path;
        _temporary = temporary;
    }

    /// <summary>Replaces the streams that files are written to; for tests of a disk that refuses to write.</summary>
    internal static Func<string, Stream, Stream>? OpenForTests
    {
        get => Opened.Value;
        set => Opened.Value = value;
    }

    /// <summary>The name that the file gets.</summary>
    public string Path { get; }

    /// <summary>The name until <see cref="Commit"/>.</summary>
    public string TemporaryPath => _temporary;

    /// <summary>The temporary names of a file, as a search pattern.</summary>
    public static string Pattern(string name) => $".{name}.*.tmp";

    /// <summary>Writes and flushes the content. The folder must exist.</summary>
    /// <exception cref="IOException">The file system refused. The temporary file is deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static PendingFile Create(string path, Action<Stream> write)
    {
        // A random name: process ids repeat, and in a container they are always the same.
        var (folder, name) = (System.IO.Path.GetDirectoryName(path)!, System.IO.Path.GetFileName(path));
        var temporary = System.IO.Path.Combine(folder, $".{name}.{Guid.NewGuid():N}.tmp");
        var created = false;
        try
        {
            using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            created = true;
            write(OpenForTests is { } open ? open(path, file) : file);
            file.Flush(flushToDisk: true);
            return new PendingFile(path, temporary);
        }
        catch
        {
            if (created) DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>Renames the file; an existing one is replaced.</summary>
    public void Commit()
    {
        File.Move(_temporary, Path, overwrite: true);
        _exists = false;
    }

    /// <summary>Deletes the temporary file unless it was renamed.</summary>
    public void Dispose()
    {
        if (_exists) DeleteQuietly(_temporary);
        _exists = false;
    }

    // A failed delete must not hide the original exception.
    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
