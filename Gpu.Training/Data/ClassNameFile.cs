using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>A text file with one class name per line; empty lines are ignored.</summary>
public static class ClassNameFile
{
    /// <summary>Reads the names, trimmed.</summary>
    /// <exception cref="DatasetException">The file is empty, larger than 1 MB, or not a regular file.</exception>
    public static string[] Read(string path)
    {
        const long MaxBytes = 1 << 20;
        try
        {
            using var file = RegularFile.OpenRead(path);
            if (file.Length > MaxBytes)
            {
                throw new DatasetException(
                    $"The file '{path}' has {file.Length} bytes; a list of class names has at most {MaxBytes}. Check that it is the right file.");
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
