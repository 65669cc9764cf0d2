using System.Globalization;
using System.IO.Hashing;
using Gpu.Training.IO;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>
/// The checksums of the files in a run folder, XXH3 of 64 bits, one line a file as <c>xxhsum -H3</c> writes them. Before a file is replaced, the sums of the
/// old and the new content are both written, so that a run that is killed at any moment has valid sums.
/// </summary>
internal sealed class Checksums
{
    /// <summary>File name in a run folder.</summary>
    public const string FileName = "checksums.xxh3";

    private const string LinePrefix = "XXH3_";
    private const int Attempts = 5;

    private readonly SortedDictionary<string, ulong[]> _sums = new(StringComparer.Ordinal);

    /// <summary>Whether a file is listed, so that a run has written it.</summary>
    public bool Lists(string name) => _sums.ContainsKey(name);

    /// <summary>The sums that a file may have; empty if it is not listed.</summary>
    public ulong[] this[string name]
    {
        get => _sums.GetValueOrDefault(name, []);
        set => _sums[name] = value;
    }

    /// <summary>Reads the checksums of a run; null if it is of a version without.</summary>
    /// <exception cref="TrainingException">The file cannot be read or is damaged.</exception>
    public static Checksums? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var sums = new Checksums();
        try
        {
            if (!File.Exists(path)) return null;
            foreach (var line in File.ReadLines(path))
            {
                var parts = line.Split("  ", 2);
                if (parts.Length < 2 || !parts[0].StartsWith(LinePrefix, StringComparison.Ordinal) || parts[1].Length == 0
                    || !ulong.TryParse(parts[0].AsSpan(LinePrefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sum))
                {
                    throw new TrainingException($"The file '{path}' is damaged: expected lines such as '{LinePrefix}0123456789abcdef  config.json', but got "
                        + $"'{line}'. Restore it from a copy, or delete it; then the files of the run are not checked.");
                }

                sums[parts[1]] = [.. sums[parts[1]], sum];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The file '{path}' cannot be read: {e.Message}", e);
        }

        return sums;
    }

    /// <summary>Checks a file of a run. A run of a version without checksums is not checked.</summary>
    /// <exception cref="TrainingException">The content differs from what the run wrote. The message names the file.</exception>
    public static void Verify(string folder, string name)
    {
        if (Mismatch(folder, name) is { } mistake) throw new TrainingException(mistake);
    }

    /// <summary>What is wrong with a file of a run; null if it is what the run wrote.</summary>
    public static string? Mismatch(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        for (var attempt = 1; ; attempt++)
        {
            if (Read(folder) is not { } sums) return null;
            if (!sums.Lists(name)) return $"The file '{path}' was not written by this run: {FileName} does not list it. Remove it.";
            ulong found;
            try
            {
                // A pipe, which would block, has no length.
                found = RegularFile.IsEmpty(path) ? XxHash3.HashToUInt64([]) : Of(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return $"The file '{path}' cannot be read: {e.Message}";
            }

            if (sums[name].Contains(found)) return null;
            // A run that trains may have replaced the file between the two readings.
            if (attempt < Attempts)
            {
                Thread.Sleep(20);
                continue;
            }

            return $"The file '{path}' is damaged or was changed: its checksum is {found:x16}, but {FileName} says "
                + $"{string.Join(" or ", sums[name].Select(sum => sum.ToString("x16", CultureInfo.InvariantCulture)))}. Restore it from a copy of the run. "
                + $"If you changed it on purpose, delete {FileName}; then the files are not checked.";
        }
    }

    /// <summary>Writes the checksums.</summary>
    public void Write(string folder)
    {
        using var pending = PendingFile.Create(Path.Combine(folder, FileName), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (var (name, sums) in _sums)
                foreach (var sum in sums) writer.Write($"{LinePrefix}{sum:x16}  {name}\n");
        });
        pending.Commit();
    }

    /// <summary>The checksum of a file.</summary>
    public static ulong Of(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var hash = new XxHash3();
        hash.Append(file);
        return hash.GetCurrentHashAsUInt64();
    }
}
