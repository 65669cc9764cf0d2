using System.Diagnostics;
using System.Globalization;
using Gpu.Tests.IO;
using Xunit.Abstractions;

namespace Gpu.Tests.Safety;

/// <summary>
/// Damaged files give the documented exception of their reader and nothing else: no other exception, no endless loop, and no allocation that the size of the
/// file does not justify. The environment variable <c>GPUTRAINER_FUZZ</c> sets the number of mutations of each reader, <c>GPUTRAINER_FUZZ_SEED</c> the first
/// seed, and <c>GPUTRAINER_FUZZ_REPORT</c> names a file that gets a row of the table for each reader.
/// </summary>
public class MutationTests(ITestOutputHelper output)
{
    // All readers together take about 6 s of CPU time and 4.4 s for every 1,000 mutations of each, most of it for throwing exceptions: 5,000 take 27 s.
    private const int Mutations = 3000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Readers => [.. ReaderCases.Names];

    [Theory]
    [MemberData(nameof(Readers))]
    public async Task DamagedFilesAreErrorsAndNothingWorse(string name)
    {
        using var samples = new TempFolder();
        using var folder = new TempFolder();
        var reader = ReaderCases.Get(name, samples);
        foreach (var (file, content) in reader.Beside) folder.Write(file, content);
        var path = folder.File(reader.FileName);
        foreach (var file in reader.Files)
        {
            File.WriteAllBytes(path, file);
            reader.Read(path);
        }

        var mutations = Setting("GPUTRAINER_FUZZ") ?? Mutations;
        var first = Setting("GPUTRAINER_FUZZ_SEED") ?? 0;
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var failures = new List<string>();
        var (longest, largest) = (TimeSpan.Zero, 0L);
        var current = first;
        // On a thread of its own, so that an endless loop is a failure that names its seed.
        var work = Task.Factory.StartNew(Mutate, TaskCreationOptions.LongRunning);
        for (var before = -1; await Task.WhenAny(work, Task.Delay(Longest)) != work; before = current)
            Assert.True(current != before, $"seed {current}: the reader has not returned for {Longest.TotalSeconds} s");
        await work;

        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {mutations:N0} | {string.Join(", ", counts.Select(count => $"{count.Key} {count.Value:N0}"))} | {longest.TotalMilliseconds:N0} ms "
            + $"| {largest / 1024.0:N0} KB |");
        output.WriteLine(row);
        if (Environment.GetEnvironmentVariable("GPUTRAINER_FUZZ_REPORT") is { Length: > 0 } report) File.AppendAllText(report, row + "\n");
        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.True(counts.GetValueOrDefault("read") < mutations, "no mutation was refused");

        void Mutate()
        {
            for (var seed = first; seed < first + mutations && failures.Count < 10; current = ++seed)
            {
                var data = ByteMutator.Mutate(reader.Files, reader.IsText, new Random(seed));
                File.WriteAllBytes(path, data);
                var result = "read";
                string? error = null;
                var content = 0L;
                var before = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                try
                {
                    content = reader.Read(path);
                }
                catch (Exception e)
                {
                    (result, error) = (e.GetType().Name, e.ToString());
                    if (!reader.Documented.Contains(e.GetType())) failures.Add($"seed {seed}: {error}");
                }

                var time = Stopwatch.GetElapsedTime(start);
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                // Text becomes UTF-16, then objects. A compressed file may hold 1032 times its size.
                var justified = reader.Allowance + 1200L * data.Length + Math.Max(content, reader.Promised?.Invoke(data) ?? 0);
                if (allocated > justified)
                    failures.Add($"seed {seed}: {allocated:N0} bytes were allocated for a file of {data.Length:N0} bytes ({error ?? result})");
                counts[result] = counts.GetValueOrDefault(result) + 1;
                if (time > longest) longest = time;
                largest = Math.Max(largest, allocated);
            }
        }
    }

    private static int? Setting(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
