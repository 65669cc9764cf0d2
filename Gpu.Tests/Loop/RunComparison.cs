using System.Text.Json;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Tests.Loop;

/// <summary>Compares two run folders that must have the same result.</summary>
internal static class RunComparison
{
    /// <summary>Requires equal weights, training state and metrics, bit for bit. Times and paths may differ.</summary>
    public static void RequireEqual(string expected, string actual)
    {
        foreach (var file in new[] { RunFolder.BestFile, RunFolder.LastFile })
            Assert.Equal(File.ReadAllBytes(Path.Combine(expected, file)), File.ReadAllBytes(Path.Combine(actual, file)));
        Assert.Equal(Metrics(expected), Metrics(actual));
        Assert.Equal(Reports(expected), Reports(actual));
        var (left, right) = (State(expected), State(actual));
        Assert.Equal(left.Keys, right.Keys);
        foreach (var (name, bytes) in left) Assert.True(bytes.SequenceEqual(right[name]), $"'{name}' differs in {actual}");
        Assert.Empty(Directory.GetFiles(actual, "*.tmp"));
        Assert.False(File.Exists(Path.Combine(actual, RunLock.FileName)));
        string[] unlisted = [Checksums.FileName, .. RunFiles.Unlisted];
        foreach (var file in Directory.GetFiles(actual).Select(path => Path.GetFileName(path)).Except(unlisted))
            Assert.Null(Checksums.Mismatch(actual, file));
    }

    // All columns but the two times and the rate.
    private static string[] Metrics(string run) =>
        [
            .. File.ReadAllLines(Path.Combine(run, RunFolder.MetricsFile))
                .Select(line => string.Join(",", line.Split(',').Where((_, column) => column is < 11 or > 13))),
        ];

    // The lines of metrics.jsonl without the two times and the rate.
    private static string[] Reports(string run) =>
        [
            .. RunFolder.Open(run).ReadReports().Select(report =>
                EpochJson.Write(report with { TrainSeconds = 0, EvaluationSeconds = 0, SamplesPerSecond = 0 })),
        ];

    private static SortedDictionary<string, byte[]> State(string run)
    {
        using var reader = new SafeTensorsReader(Path.Combine(run, RunFolder.CheckpointFile));
        var state = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["position"] = JsonSerializer.SerializeToUtf8Bytes(reader.Metadata["position"]),
        };
        foreach (var (name, entry) in reader.Tensors)
        {
            state[name] = entry.Type == "I32"
                ? [.. reader.ReadInts(name).SelectMany(BitConverter.GetBytes)]
                : [.. reader.ReadFloats(name).SelectMany(BitConverter.GetBytes)];
        }

        return state;
    }
}
