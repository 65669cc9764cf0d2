using System.Text;
using Gpu.Training.IO;

namespace Gpu.Training.Data.Tables;

/// <summary>Opens the text of a table: UTF-8, UTF-16 with a byte order mark, or else Windows-1252; plain or gzip.</summary>
internal static class TableText
{
    // Latin-1 with a few more characters, which spreadsheets write in Western Europe and America.
    private const int Windows1252 = 1252;

    /// <summary>Finds the encoding, and returns what opens the text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="remarks">Receives a remark if the file is not UTF-8; null for none.</param>
    /// <exception cref="DatasetException">The file cannot be read, or is no text.</exception>
    public static Func<TextReader> Open(string path, List<string>? remarks)
    {
        try
        {
            var encoding = Encoding.UTF8;
            if (FindInvalidLine(path) is { } line)
            {
                encoding = CodePagesEncodingProvider.Instance.GetEncoding(Windows1252)!;
                remarks?.Add(
                    $"'{path}' is not UTF-8 (line {line}), so it is read as Windows-1252 (Latin-1). If letters look wrong, save it as UTF-8.");
            }

            return () => new StreamReader(OpenBytes(path), encoding);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new DatasetException($"The file '{path}' cannot be read: {e.Message}", e);
        }
    }

    // The first line that is not UTF-8; null if all are, or the file is UTF-16.
    private static int? FindInvalidLine(string path)
    {
        using var bytes = OpenBytes(path);
        var decoder = new UTF8Encoding(false, throwOnInvalidBytes: true).GetDecoder();
        var buffer = new byte[1 << 16];
        var letters = new char[buffer.Length + 1];
        var (line, isFirst) = (1, true);
        while (true)
        {
            var part = buffer.AsSpan(0, bytes.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
            if (isFirst && part is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
                return null;
            isFirst = false;
            if (part.Contains((byte)0))
            {
                throw new DatasetException(
                    $"'{path}' is no text: line {line + part[..part.IndexOf((byte)0)].Count((byte)'\n')} has a zero byte. A table is a text file with commas, "
                    + "semicolons or tabs between cells; export a spreadsheet as CSV.");
            }

            try
            {
                decoder.GetChars(part, letters, flush: part.Length < buffer.Length);
            }
            catch (DecoderFallbackException e)
            {
                // The index is negative if the character begins in the part before.
                return line + part[..Math.Max(0, e.Index)].Count((byte)'\n');
            }

            if (part.Length < buffer.Length)
                return null;
            line += part.Count((byte)'\n');
        }
    }

    private static Stream OpenBytes(string path)
    {
        var file = RegularFile.OpenRead(path);
        var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        return isGzip ? new CheckedGzipStream(file) : file;
    }
}
