using System.Text;
using Gpu.Training.Images.Formats;

namespace Gpu.Training.IO;

/// <summary>Tells files that this program wrote from those of others, so that no output replaces what a user made.</summary>
public static class FileOrigin
{
    /// <summary>The name of the program. Every kind of file that it writes as an output has it near the beginning.</summary>
    public const string Program = "gputrainer";

    // Metadata that may stand before the name: the classes of a run.
    private const int Searched = 1 << 20;

    // The signature and the header chunk (IHDR) of a PNG file.
    private const int PngHeader = 8 + 25;

    /// <summary>Whether a file names this program as its writer, in its first megabyte, or is empty, so that nothing is lost.</summary>
    /// <param name="path">A file that exists.</param>
    /// <exception cref="IOException">The file cannot be read, or is no regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static bool IsOwn(string path)
    {
        if (RegularFile.IsEmpty(path)) return true;
        using var file = RegularFile.OpenRead(path);
        var start = new byte[Math.Min(Searched, file.Length)];
        file.ReadExactly(start);
        return start.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Program)) >= 0;
    }

    /// <summary>Adds to a PNG file that this program wrote it: a text chunk with the keyword Software (PNG specification, 11.3.3).</summary>
    /// <param name="png">The bytes of a PNG file.</param>
    /// <returns>The bytes of the file with the chunk.</returns>
    public static byte[] MarkPng(byte[] png)
    {
        ArgumentNullException.ThrowIfNull(png);
        using var marked = new MemoryStream();
        marked.Write(png.AsSpan(0, PngHeader));
        IndexedPng.WriteChunk(marked, "tEXt"u8, [.. "Software\0"u8, .. Encoding.ASCII.GetBytes(Program)]);
        marked.Write(png.AsSpan(PngHeader));
        return marked.ToArray();
    }
}
