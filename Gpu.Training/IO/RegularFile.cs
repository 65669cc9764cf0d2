namespace Gpu.Training.IO;

/// <summary>
/// Opens files to read. Pipes and devices are refused: reading them can block for ever, or never end. They are told by their length, which is 0, as that
/// of an empty file, so nothing is opened that could block.
/// </summary>
internal static class RegularFile
{
    /// <summary>Opens a file that has content.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="IOException">It is empty, a folder, a pipe or a device, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
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
