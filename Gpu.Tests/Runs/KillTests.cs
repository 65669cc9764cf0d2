using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Gpu.Cli;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Runs;
using Xunit.Abstractions;

namespace Gpu.Tests.Runs;

/// <summary>
/// Kills the program at random moments, resumes it, and compares with a run that was not killed. 8 kills by default, as many as the environment variable
/// <c>GPUTRAINER_FULL_KILLS</c> says else, from the seed <c>GPUTRAINER_KILL_SEED</c>.
/// </summary>
public class KillTests(ITestOutputHelper output)
{
    private const int FewKills = 8;

    // Milliseconds. A run takes a few seconds.
    private const int Wait = 120_000;

    private static readonly string? Many = Environment.GetEnvironmentVariable("GPUTRAINER_FULL_KILLS");

    // With the average and the best weights exchanged in turn, and early stopping. Evaluation takes more time than training. The table loads faster.
    private static readonly string[] Options =
    [
        .. Many is null ? ["moons"] : (string[])["digits", "--limit-train", "4500", "--limit-test", "600", "--augment", "shift:1"],
        "--model", "mlp128", "--validation", "0.8", "--ema", "0.5", "--patience", "2", "--batch", "48", "--epochs", "10", "--dropout", "0", "--schedule",
        "constant", "--optimizer", "adam", "--lr", "0.01", "--checkpoint-every", "4steps", "--threads", "1", "--device", "cpu", "--log-every", "1", "--plain",
    ];

    private static readonly string[] Targets =
    [
        RunFolder.ModelFile, RunFolder.ConfigurationFile, Checksums.FileName, RunFolder.BestFile, RunFolder.LastFile, RunFolder.MetricsFile,
        RunFolder.CheckpointFile,
    ];

    private enum Kind
    {
        /// <summary>SIGKILL after a random time.</summary>
        Time,

        /// <summary>SIGKILL when a temporary file appears or is renamed.</summary>
        Write,

        /// <summary>SIGKILL after a random time, and again while the run is resumed.</summary>
        Double,

        /// <summary>SIGTERM or SIGINT when an evaluation begins, right after the last step of an epoch.</summary>
        Signal,
    }

    [UnixFact("signals to another process")]
    public void AKilledRunEndsAsOneThatWasNotKilled()
    {
        var kills = int.TryParse(Many, out var many) ? many : FewKills;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("GPUTRAINER_KILL_SEED"), out var given) ? given : 1;
        using var folder = new TempFolder();
        var whole = folder.File("whole");
        var clock = Stopwatch.StartNew();
        using (var process = Start(whole, isResume: false)) Require(process, ExitCode.Success);
        var milliseconds = (int)clock.ElapsedMilliseconds;
        var landed = new SortedDictionary<string, int>();
        for (var i = 0; i < kills; i++)
        {
            var kind = (Kind)(i % 4);
            var random = new Random(seed * 100_003 + i);
            var run = folder.File($"run{i}");
            // So that the watcher sees the first file.
            Directory.CreateDirectory(run);
            var what = Kill(run, kind, random, milliseconds);
            landed[what] = landed.GetValueOrDefault(what) + 1;
            if (kind == Kind.Double) Kill(run, Kind.Time, random, milliseconds);
            Finish(run);
            RunComparison.RequireEqual(whole, run);
            Directory.Delete(run, recursive: true);
        }

        foreach (var (what, count) in landed) output.WriteLine($"{count,4}  {what}");
        output.WriteLine($"{kills} kills, {clock.Elapsed.TotalSeconds:F0} s; an uninterrupted run takes {milliseconds} ms.");
    }

    // Starts or resumes a run, and kills it. Returns where.
    private static string Kill(string run, Kind kind, Random random, int milliseconds)
    {
        var isResume = IsRun(run);
        var target = Targets[random.Next(Targets.Length)];
        // Files that are written once are killed at their first write.
        var nth = target is RunFolder.ModelFile or RunFolder.ConfigurationFile ? 1 : 1 + random.Next(6);
        var (epoch, after) = (1 + random.Next(7), random.Next(100, milliseconds));
        using var process = Start(run, isResume);
        if (kind == Kind.Write)
        {
            using var watcher = new FileSystemWatcher(run) { NotifyFilter = NotifyFilters.FileName };
            var (seen, isRename) = (0, random.Next(2) == 0);
            void Count(object sender, FileSystemEventArgs change)
            {
                var name = isRename && change is RenamedEventArgs ? change.Name! : isRename ? "" : change.Name!.TrimStart('.');
                if (name.StartsWith(target, StringComparison.Ordinal) && Interlocked.Increment(ref seen) == nth) process.Kill();
            }

            watcher.Created += Count;
            watcher.Renamed += Count;
            watcher.EnableRaisingEvents = true;
            return Where(process, $"SIGKILL at {(isRename ? "the rename" : "the write")} of {target}");
        }

        if (kind == Kind.Signal)
        {
            var name = random.Next(2) == 0 ? "TERM" : "INT";
            while (process.Lines.TryTake(out var line, Wait))
            {
                if (!line.StartsWith($"epoch {epoch}/", StringComparison.Ordinal) || !line.Contains("(100 %)", StringComparison.Ordinal)) continue;
                // By a call: a process that sends it would start too late. On a busy machine the run may have ended before its line was read.
                Assert.True(SendSignal(process.Id, name == "TERM" ? 15 : 2) == 0 || process.WaitForExit(1_000), "the signal could not be sent");
                break;
            }

            return Where(process, $"SIG{name} in an evaluation");
        }

        if (!process.WaitForExit(after)) process.Kill();
        return Where(process, kind == Kind.Double ? "two SIGKILL by time" : "SIGKILL by time");
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);

    private static string Where(TrainProcess process, string what)
    {
        Assert.True(process.WaitForExit(Wait), "the program did not end");
        return process.ExitCode switch
        {
            ExitCode.Success => $"{what}: not reached, the run had ended",
            ExitCode.Cancelled => $"{what}: checkpoint",
            // 128 + 9
            137 => what,
            _ => throw new InvalidOperationException($"{what}: exit code {process.ExitCode}: {process.Error}"),
        };
    }

    private static bool IsRun(string run) => File.Exists(Path.Combine(run, RunFolder.ConfigurationFile));

    // In this process, which is quicker.
    private static void Finish(string run)
    {
        string[] args = IsRun(run) ? ["train", "--resume", run, "--device", "cpu", "--threads", "1"] : ["train", .. Options, "--out", run];
        var end = CommandLine.Run(args);
        Assert.True(end.ExitCode == ExitCode.Success, end.Error);
    }

    private static void Require(TrainProcess process, int code)
    {
        Assert.True(process.WaitForExit(Wait), "the program did not end");
        Assert.True(process.ExitCode == code, process.Error);
    }

    private static TrainProcess Start(string run, bool isResume) =>
        new(isResume ? ["train", "--resume", run, "--device", "cpu", "--threads", "1", "--plain", "--log-every", "1"] : ["train", .. Options, "--out", run]);

    /// <summary>The program in a process of its own, whose output is read all the time.</summary>
    private sealed class TrainProcess : IDisposable
    {
        private readonly Process _process;
        private readonly Task<string> _error;

        public TrainProcess(string[] args)
        {
            _process = ProcessTests.StartInterruptible(args);
            _error = _process.StandardError.ReadToEndAsync();
            _ = Task.Run(() =>
            {
                while (_process.StandardOutput.ReadLine() is { } line) Lines.Add(line);
                Lines.CompleteAdding();
            });
        }

        public BlockingCollection<string> Lines { get; } = [];

        public int Id => _process.Id;

        public int ExitCode => _process.ExitCode;

        public string Error => _error.Result;

        public bool WaitForExit(int milliseconds) => _process.WaitForExit(milliseconds);

        public void Kill() => _process.Kill();

        public void Dispose()
        {
            if (!_process.HasExited) _process.Kill();
            _process.Dispose();
        }
    }
}
