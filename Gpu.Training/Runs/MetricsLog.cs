using System.Globalization;
using System.Text.Json;
using Gpu.Training.IO;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>
/// Reads and cuts <c>metrics.jsonl</c>, to which a run appends a line before it saves the epoch. A run that is killed may have left half a line, or lines after
/// its checkpoint; a resume removes them.
/// </summary>
internal static class MetricsLog
{
    /// <summary>The lines of the file; none if it is missing. A last line that is not complete is left out.</summary>
    /// <exception cref="TrainingException">The file cannot be read.</exception>
    public static List<string> ReadLines(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            var lines = RegularFile.ReadAllText(path).Split('\n');
            return [.. lines[..^1].Where(line => line.Length > 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The metrics of the run cannot be read: {e.Message} Restore '{path}' from a copy of the run.", e);
        }
    }

    /// <summary>The lines of the epochs that are in <c>metrics.csv</c>.</summary>
    /// <param name="lines">The lines of the file.</param>
    /// <param name="metrics">The lines of metrics.csv with the header.</param>
    public static List<string> Keep(IEnumerable<string> lines, IEnumerable<string> metrics)
    {
        var places = metrics.Skip(1).Select(line => line.Split(',')).Where(cells => cells.Length > 1).Select(cells => $"{cells[0]},{cells[1]}")
            .ToHashSet(StringComparer.Ordinal);
        List<string> kept = [];
        foreach (var line in lines)
        {
            // Each epoch once: after it was trained again, the line of the first time is gone from metrics.csv, too.
            if (TryRead(line) is { } report && places.Remove(string.Create(CultureInfo.InvariantCulture, $"{report.Epoch},{report.Step}"))) kept.Add(line);
        }

        return kept;
    }

    /// <summary>Reads the reports of all epochs.</summary>
    /// <exception cref="TrainingException">The file is damaged.</exception>
    public static IReadOnlyList<EpochReport> Read(string path)
    {
        var lines = ReadLines(path);
        var reports = new EpochReport[lines.Count];
        for (var i = 0; i < reports.Length; i++)
        {
            try
            {
                reports[i] = EpochJson.Read(lines[i]);
            }
            catch (JsonException e)
            {
                throw new TrainingException($"The file '{path}' is damaged in line {i + 1}: {e.Message} Restore it from a copy of the run, or delete it.", e);
            }
        }

        return reports;
    }

    private static EpochReport? TryRead(string line)
    {
        try
        {
            return EpochJson.Read(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
