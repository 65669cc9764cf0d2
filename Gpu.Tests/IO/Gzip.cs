using System.IO.Compression;

namespace Gpu.Tests.IO;

/// <summary>Gzip compression and decompression by .NET, for files of tests.</summary>
internal static class Gzip
{
    /// <summary>Compresses content into one gzip member.</summary>
    public static byte[] Compress(byte[] content)
    {
        // GZipStream writes no member at all for empty content.
        if (content.Length == 0) return Convert.FromHexString("1F8B08000000000000FF" + "0300" + "00000000" + "00000000");
        using var compressed = new MemoryStream();
        using (var stream = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true)) stream.Write(content);
        return compressed.ToArray();
    }

    /// <summary>The decompressed content of a file.</summary>
    public static byte[] ReadFile(string path)
    {
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }
}
