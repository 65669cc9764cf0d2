using System.Text.Json.Nodes;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Tests.Runs;

/// <summary>Files of a run that are damaged, missing, foreign or cannot be written.</summary>
public class RunFilesTests
{
    private static readonly string[] Written =
    [
        RunFolder.ConfigurationFile, RunFolder.ModelFile, RunFolder.MetricsFile, RunFolder.MetricsLogFile,
        RunFolder.BestFile, RunFolder.LastFile, RunFolder.CheckpointFile,
        RunFolder.PreviousCheckpointFile, Checksums.FileName,
    ];

    [Fact]
    public void ARunWritesTheseFilesWithTheirChecksums()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("run"));
        Assert.Equal(Written.Order(), Directory.GetFiles(folder.File("run")).Select(path => Path.GetFileName(path)).Order());
        var lines = File.ReadAllLines(folder.File("run", Checksums.FileName));
        string[] unlisted = [Checksums.FileName, RunFolder.MetricsLogFile];
        Assert.Equal(Written.Except(unlisted).Order(StringComparer.Ordinal), lines.Select(line => line.Split("  ")[1]));
        // XXH3 of the empty text with seed 0, as xxhsum writes it.
        var empty = folder.Write("empty", []);
        Assert.Equal(0x2d06800538d394c2UL, Checksums.Of(empty));
    }

    [Fact]
    public void AChangedBitOfAnyFileIsFound()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 20);
        foreach (var name in new[] { RunFolder.ConfigurationFile, RunFolder.ModelFile, RunFolder.MetricsFile })
        {
            var copy = RunFixture.Copy(folder, run);
            Flip(Path.Combine(copy, name));
            Assert.Contains($"{name}' is damaged or was changed", Assert.Throws<TrainingException>(() => RunFixture.Resume(copy)).Message);
        }

        var bad = RunFixture.Copy(folder, run);
        Flip(Path.Combine(bad, RunFolder.BestFile));
        using var device = new CpuDevice(1);
        Assert.Contains("best.safetensors' is damaged", Assert.Throws<TrainingException>(() => Predictor.Open(bad, device)).Message);
        var options = RunFixture.Options with { InitFile = bad };
        Assert.Contains(
            "best.safetensors' is damaged",
            Assert.Throws<SafeTensorsException>(() => new Trainer(SmallData.Network(), SmallData.Squares(), device, options)).Message);
        bad = RunFixture.Copy(folder, run);
        File.AppendAllText(Path.Combine(bad, Checksums.FileName), "what");
        Assert.Contains("checksums.xxh3' is damaged: expected lines such as", Assert.Throws<TrainingException>(() => RunFolder.Open(bad)).Message);
    }

    [Fact]
    public void ThePreviousCheckpointIsUsedIfTheNewestIsDamaged()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"));
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 20);
        foreach (var damage in new Action<string>[] { Flip, Truncate, File.Delete })
        {
            var copy = RunFixture.Copy(folder, run);
            damage(Path.Combine(copy, RunFolder.CheckpointFile));
            var observer = new RunFixture.Observer();
            // It is killed before the first new checkpoint, and then the previous one must still be there.
            Assert.Throws<RunFixture.CrashException>(() => RunFixture.Resume(copy, null, new RunFixture.Observer { Step = p => RunFixture.CrashAt(p, 17) }));
            RunFixture.Resume(copy, observer: observer);
            Assert.Contains(observer.Texts, text => text.Contains("continues from the checkpoint before it", StringComparison.Ordinal));
            RunComparison.RequireEqual(folder.File("whole"), copy);
        }

        Flip(Path.Combine(run, RunFolder.CheckpointFile));
        Flip(Path.Combine(run, RunFolder.PreviousCheckpointFile));
        Assert.Contains("has no valid checkpoint", Assert.Throws<TrainingException>(() => RunFixture.Resume(run)).Message);
        File.Delete(Path.Combine(run, RunFolder.CheckpointFile));
        File.Delete(Path.Combine(run, RunFolder.PreviousCheckpointFile));
        Assert.Contains("was removed", Assert.Throws<TrainingException>(() => RunFixture.Resume(run)).Message);
    }

    [Fact]
    public void TheMetricsAreCheckedOrWrittenAgain()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"));
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 20);
        var copy = RunFixture.Copy(folder, run);
        File.Delete(Path.Combine(copy, RunFolder.MetricsFile));
        var observer = new RunFixture.Observer();
        RunFixture.Resume(copy, observer: observer);
        Assert.Contains(observer.Texts, text => text.Contains("metrics.csv is missing; it was written again", StringComparison.Ordinal));
        RunComparison.RequireEqual(folder.File("whole"), copy);
        File.WriteAllText(Path.Combine(run, RunFolder.MetricsFile), "");
        Assert.Contains("metrics.csv' is damaged", Assert.Throws<TrainingException>(() => RunFixture.Resume(run)).Message);
    }

    [Theory]
    [InlineData("missing", "cannot be read")]
    [InlineData("empty", "line 1 must be the header, but is missing")]
    [InlineData("header", "line 1 must be the header, but is 'epoch'")]
    [InlineData("short", "line 3 must be that of epoch 2, but is missing")]
    [InlineData("order", "line 2 must be that of epoch 1, but is '2,")]
    public void TheMetricsOfAnOlderRunAreChecked(string damage, string expected)
    {
        // Older versions have no checksums, and no metrics in the checkpoint.
        using var folder = new TempFolder();
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 20);
        RunFixture.ChangeMetadata(run, metadata =>
        {
            metadata.Remove("metrics");
            metadata.Remove("configuration");
        });
        var path = Path.Combine(run, RunFolder.MetricsFile);
        var lines = File.ReadAllLines(path);
        var good = RunFixture.Copy(folder, run);
        RunFixture.Resume(good);
        Assert.Equal(4, File.ReadAllLines(Path.Combine(good, RunFolder.MetricsFile)).Length);
        if (damage == "missing") File.Delete(path);
        else
        {
            File.WriteAllLines(path, damage switch
            {
                "empty" => [], "header" => ["epoch", .. lines[1..]], "short" => lines[..2], _ => [lines[0], lines[2], lines[1]],
            });
        }

        Assert.Contains(expected, Assert.Throws<TrainingException>(() => RunFixture.Resume(run)).Message);
    }

    [Theory]
    [InlineData("\"Batch\":1000")]
    [InlineData("\"Batch\":-1")]
    [InlineData("\"Epoch\":7")]
    [InlineData("\"Step\":9223372036854775807")]
    [InlineData("\"Draw\":0")]
    [InlineData("\"RateFactor\":0")]
    public void APositionOutsideTheRunIsAnError(string change)
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 12);
        var name = change.Split(':')[0];
        RunFixture.ChangeMetadata(run, metadata =>
        {
            var old = System.Text.RegularExpressions.Regex.Match(metadata["position"], $"{name}:[^,}}]+").Value;
            Assert.NotEmpty(old);
            metadata["position"] = metadata["position"].Replace(old, change, StringComparison.Ordinal);
        });
        Assert.Contains("a position that does not exist", Assert.Throws<TrainingException>(() => RunFixture.Resume(run)).Message);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("dataset")]
    [InlineData("dataFingerprint")]
    [InlineData("classNames")]
    [InlineData("normalization")]
    [InlineData("device")]
    [InlineData("options")]
    [InlineData("options.schedule")]
    [InlineData("options.freeze")]
    [InlineData("options.checkpointInterval")]
    [InlineData("normalization.mean")]
    public void ANullInTheConfigurationIsAnError(string property)
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        RunFixture.TrainUntil(run, 4);
        File.Delete(Path.Combine(run, Checksums.FileName));
        var path = Path.Combine(run, RunFolder.ConfigurationFile);
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        var names = property.Split('.');
        var parent = names.Length == 1 ? root : root[names[0]]!;
        // Of constructor parameters the name is that of the record.
        var key = parent.AsObject().Select(pair => pair.Key).Single(name => name.Equals(names[^1], StringComparison.OrdinalIgnoreCase));
        parent[key] = null;
        File.WriteAllText(path, root.ToJsonString());
        var error = Assert.Throws<TrainingException>(() => RunFolder.Open(run));
        Assert.Contains("config.json' cannot be read", error.Message);
        Assert.Contains(names[^1], error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void AFileOfSomeoneElseIsNeverReplaced()
    {
        using var folder = new TempFolder();
        foreach (var name in Written.Append(RunFolder.SplitFile))
        {
            var run = folder.File($"of-{name}");
            folder.Write($"of-{name}/{name}", "mine"u8.ToArray());
            folder.Write($"of-{name}/notes.txt", "mine"u8.ToArray());
            Assert.Contains(name, Assert.Throws<TrainingException>(() => RunFixture.Train(run)).Message);
            Assert.Equal("mine", File.ReadAllText(Path.Combine(run, name)));
            Assert.Equal(2, Directory.GetFileSystemEntries(run).Length);
        }

        folder.Write("with/notes.txt", "mine"u8.ToArray());
        RunFixture.Train(folder.File("with"));
        Assert.Equal("mine", File.ReadAllText(folder.File("with", "notes.txt")));
        Assert.Contains("is a file", Assert.Throws<TrainingException>(() => RunFixture.Train(folder.File("with", "notes.txt"))).Message);
    }

    [Fact]
    public void ARunThatWasKilledWhileItWasCreatedLeavesItsNameFree()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        // The configuration is the last file.
        PendingFile.OpenForTests = (path, file) => path.EndsWith(RunFolder.ConfigurationFile, StringComparison.Ordinal) ? new FullDisk(file) : file;
        Assert.Contains("No space left", Assert.Throws<TrainingException>(() => RunFixture.Train(run)).Message);
        PendingFile.OpenForTests = null;
        Assert.False(Directory.Exists(run));

        RunFixture.Train(folder.File("other"), RunFixture.Options with { Steps = 1 });
        foreach (var name in new[] { RunFolder.ModelFile, Checksums.FileName }) folder.Write($"run/{name}", File.ReadAllBytes(folder.File("other", name)));
        folder.Write("run/.checkpoint.safetensors.1-1.tmp", [1]);
        RunFixture.Train(run);
        Assert.Equal(Written.Order(), Directory.GetFiles(run).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void AFullDiskChangesNothing()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"));
        foreach (var full in new[] { RunFolder.CheckpointFile, RunFolder.BestFile, RunFolder.LastFile, RunFolder.MetricsFile, Checksums.FileName })
        {
            var run = folder.File($"run-{full}");
            RunFixture.TrainUntil(run, 10);
            var before = Contents(run);
            try
            {
                PendingFile.OpenForTests = (path, file) => path.EndsWith(full, StringComparison.Ordinal) ? new FullDisk(file) : file;
                // The checkpoints within the epoch are off, so that the first save is that of the epoch.
                var error = Assert.Throws<TrainingException>(() => RunFixture.Resume(run, given => given with { CheckpointInterval = CheckpointInterval.Off }));
                Assert.Contains("No space left on device", error.Message);
                Assert.Contains("What was saved before is intact", error.Message);
                Assert.Contains("--resume", error.Message);
            }
            finally
            {
                PendingFile.OpenForTests = null;
            }

            Assert.Equal(before, Contents(run));
            RunFixture.Resume(run);
            RunComparison.RequireEqual(folder.File("whole"), run);
        }

        static string[] Contents(string run) => [.. Directory.GetFiles(run).Order().Select(path => $"{path}: {Convert.ToHexString(File.ReadAllBytes(path))}")];
    }

    [Fact]
    public void AFolderThatIsRenamedOrReplacedIsAnError()
    {
        using var folder = new TempFolder();
        RunFixture.Train(folder.File("whole"));
        var (run, moved) = (folder.File("run"), folder.File("moved"));
        var error = Assert.Throws<TrainingException>(() => RunFixture.Train(run, observer: At(10, () => Directory.Move(run, moved))));
        Assert.Contains("is gone: it was removed or renamed", error.Message);
        Assert.False(Directory.Exists(run));
        RunFixture.Resume(moved);
        RunComparison.RequireEqual(folder.File("whole"), moved);

        error = Assert.Throws<TrainingException>(() => RunFixture.Train(run, observer: At(10, () => Directory.Delete(run, true))));
        Assert.Contains("is gone: it was removed or renamed", error.Message);
        Assert.False(Directory.Exists(run));

        error = Assert.Throws<TrainingException>(() => RunFixture.Train(run, observer: At(10, () =>
        {
            Directory.Delete(run, true);
            Directory.CreateDirectory(run);
        })));
        Assert.Contains("is no longer that of this run", error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(run));

        static RunFixture.Observer At(int step, Action action) => new()
        {
            Step = progress =>
            {
                if (progress.Step == step) action();
            },
        };
    }

    private static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static void Truncate(string path) => File.WriteAllBytes(path, File.ReadAllBytes(path)[..^100]);

    /// <summary>A file on a disk that has room for 40 bytes.</summary>
    private sealed class FullDisk(Stream file) : Stream
    {
        private int _left = 40;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => file.Length;

        public override long Position
        {
            get => file.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() => file.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            file.Write(buffer[..Math.Min(_left, buffer.Length)]);
            if (buffer.Length > _left) throw new IOException("No space left on device");
            _left -= buffer.Length;
        }
    }
}
