using Gpu.Training.IO;

namespace Gpu.Cli.Parsing;

/// <summary>Checks of the files that a command is about to write.</summary>
internal static class OutputFile
{
    /// <summary>Refuses a file that exists and that this program did not write.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="UsageException">It is the file of someone else.</exception>
    public static void RequireOwn(string path, string option = "--out")
    {
        if (!File.Exists(path) || FileOrigin.IsOwn(path)) return;
        throw new UsageException(
            $"The file '{path}' exists, and nothing in it says that {FileOrigin.Program} wrote it. Choose another {option}, or move that file away.");
    }

    /// <summary>Refuses a name whose ending is not that of the format.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="format">What is written.</param>
    /// <param name="endings">Endings with their dot, in lower case; the first one is proposed.</param>
    /// <exception cref="UsageException">The ending is another one.</exception>
    public static void RequireEnding(string path, string format, params string[] endings)
    {
        if (endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))) return;
        throw new UsageException($"--out: {format} is written to a file that ends in {endings[0]}, but got '{path}'. Add the ending, or omit --out.");
    }
}
