using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>A text file with the name of one class a line; empty lines do not count.</summary>
internal static class ClassNameFile
{
    /// <summary>The names, without the white space around them.</summary>
    /// <exception cref="DatasetException">The file is empty or no regular file, or larger than any list of names.</exception>
    public static string[] Read(string path)
    {
        const long Most = 1 << 20;
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length > Most)
            {
                throw new DatasetException(
                    $"The file '{path}' has {file.Length} bytes; a list of class names has at most {Most}. Check that it is the right file.");
            }

            using var reader = new StreamReader(file);
            return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The file '{path}' cannot be read: {e.Message}", e);
        }
    }
}
