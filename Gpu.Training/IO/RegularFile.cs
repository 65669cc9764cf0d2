namespace Gpu.Training.IO;

/// <summary>
/// Opens regular files for reading. Pipes and devices are refused, because reading them can block or never end. Their length is 0, like that of an
/// empty file, so they are detected before they are opened.
/// </summary>
internal static class RegularFile
{
    /// <summary>Opens a file that is not empty.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="IOException">The path is an empty file, a folder, a pipe or a device, or the file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static FileStream OpenRead(string path)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a folder.");
        var file = new FileInfo(path);
        if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
            file = target;
        if (file.Length == 0)
            throw new IOException("it is empty, or no regular file but a pipe or a device.");
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        if (stream.CanSeek)
            return stream;
        stream.Dispose();
        throw new IOException("it is no regular file but a pipe or a device.");
    }
}
