namespace Gpu.Training.Data;

/// <summary>A text file with the name of one class a line; empty lines do not count.</summary>
internal static class ClassNameFile
{
    /// <summary>The names, without the white space around them.</summary>
    /// <exception cref="DatasetException">The file is larger than any list of names.</exception>
    public static string[] Read(string path)
    {
        const long Most = 1 << 20;
        var length = new FileInfo(path).Length;
        if (length > Most)
            throw new DatasetException($"The file '{path}' has {length} bytes; a list of class names has at most {Most}. Check that it is the right file.");
        return [.. File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
    }
}
