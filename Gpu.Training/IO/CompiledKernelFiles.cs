using System.Globalization;
using System.IO.Hashing;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;

namespace Gpu.Training.IO;

/// <summary>
/// Keeps compiled kernels in files, so that the next process starts faster. Each file has a checksum; a damaged file counts as missing. When the folder grows
/// above its limit, the files that were not used for the longest time are deleted.
/// </summary>
/// <example><code>device.CompiledKernels = new CompiledKernelFiles(CompiledKernelFiles.UserFolder);</code></example>
public sealed class CompiledKernelFiles : ICompiledKernelStore
{
    /// <summary>The limit of <see cref="UserFolder"/>'s size unless another is given: about 3,000 kernels.</summary>
    public const long DefaultMaxBytes = 64L << 20;

    private const string Extension = ".ptx";
    private const int HashDigits = 16;

    // The time of the last write is that of the last use, to within this time.
    private static readonly TimeSpan UseAccuracy = TimeSpan.FromDays(1);

    private readonly string _folder;
    private readonly long _maxBytes;
    private int _isTrimmed;

    /// <summary>Uses a folder, which is created when the first kernel is kept.</summary>
    /// <param name="folder">the folder; it should hold nothing else</param>
    /// <param name="maxBytes">about the most bytes of all files</param>
    public CompiledKernelFiles(string folder, long maxBytes = DefaultMaxBytes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        _folder = folder;
        _maxBytes = maxBytes;
    }

    /// <summary>The folder "gputrainer/kernels" in the user's cache folder (see <see cref="DataFolders.UserCache"/>).</summary>
    public static string UserFolder => Path.Combine(Path.GetDirectoryName(DataFolders.UserCache)!, "kernels");

    /// <inheritdoc/>
    public byte[]? Find(string key)
    {
        var path = PathOf(key);
        try
        {
            if (!File.Exists(path)) return null;
            var bytes = File.ReadAllBytes(path);
            if (bytes.Length < HashDigits || !Hash(bytes.AsSpan(HashDigits)).AsSpan().SequenceEqual(bytes.AsSpan(0, HashDigits))) return null;
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > UseAccuracy) File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return bytes[HashDigits..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Add(string key, ReadOnlySpan<byte> code)
    {
        try
        {
            // Once in a process: the kernels of one process are far fewer than the limit.
            if (Interlocked.Exchange(ref _isTrimmed, 1) == 0) Trim();
            AtomicFile.WriteAllBytes(PathOf(key), [.. Hash(code), .. code]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The kernel is compiled again next time.
        }
    }

    private void Trim()
    {
        if (!Directory.Exists(_folder)) return;
        var files = new DirectoryInfo(_folder).GetFiles("*" + Extension);
        var bytes = files.Sum(file => file.Length);
        foreach (var file in files.OrderBy(file => file.LastWriteTimeUtc))
        {
            if (bytes <= _maxBytes) return;
            bytes -= file.Length;
            file.Delete();
        }
    }

    private string PathOf(string key) => Path.Combine(_folder, key + Extension);

    private static byte[] Hash(ReadOnlySpan<byte> code) =>
        System.Text.Encoding.ASCII.GetBytes(XxHash3.HashToUInt64(code).ToString("x16", CultureInfo.InvariantCulture));
}
