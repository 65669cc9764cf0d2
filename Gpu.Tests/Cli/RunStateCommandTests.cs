using Gpu.Cli;
using Gpu.Tests.IO;

namespace Gpu.Tests.Cli;

/// <summary>What the commands say about run folders: existing, resumed, locked, with changed data or options.</summary>
public class RunStateCommandTests
{
    private const string Rows = "1000";

    [Fact]
    public void MistakesAreFoundBeforeTheDeviceIsOpened()
    {
        using var folder = new TempFolder();
        var run = Train(folder);
        Refused(1, "already contains a run", "train", "moons", "--out", run);
        Refused(1, "config.json that no run of this program wrote", "train", "moons", "--out", Path.GetDirectoryName(folder.Write("mine/config.json", [1]))!);
        Refused(2, "--override needs --resume", "train", "moons", "--override");
        Refused(2, "--reset-optimizer needs --resume", "train", "moons", "--reset-optimizer");
        Refused(2, "'60' is not an interval", "train", "moons", "--checkpoint-every", "60");
        Refused(2, "--on-divergence expects one of stop, rewind", "train", "moons", "--on-divergence", "retry");
        var images = folder.File("digits");
        Assert.Equal(0, CommandLine.Run("data", "generate", "digits", "--train", "40", "--test", "20", "--out", images).ExitCode);
        var pictures = folder.File("pictures");
        Assert.Equal(0, CommandLine.Run("train", images, "--model", "mlp10", "--steps", "1", "--out", pictures).ExitCode);
        Refused(1, "none.png' does not exist", "predict", pictures, folder.File("none.png"));
        File.WriteAllText(Path.Combine(run, "checkpoint.safetensors"), "damaged");
        Refused(1, "has no valid checkpoint", "train", "--resume", run);

        void Refused(int code, string expected, params string[] args)
        {
            var (output, error) = (new StringWriter(), new StringWriter());
            var host = new CliHost(output, error) { OpenDevice = (_, _) => throw new InvalidOperationException("the device was opened") };
            var result = App.Run(args, host);
            Assert.Contains(expected, error.ToString());
            Assert.Equal(code, result);
        }
    }

    [Fact]
    public void DataThatIsGoneOrChangedIsAnError()
    {
        using var folder = new TempFolder();
        var table = folder.File("points.csv");
        Assert.Equal(0, CommandLine.Run("data", "generate", "moons", "--rows", Rows, "--out", table).ExitCode);
        var run = folder.File("run");
        Assert.Equal(0, CommandLine.Run("train", table, "--epochs", "1", "--out", run).ExitCode);
        var checkpoint = File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors"));
        var moved = folder.File("moved.csv");
        File.Move(table, moved);
        var gone = CommandLine.Run("train", "--resume", run, "--epochs", "2");
        Assert.Equal(ExitCode.Failure, gone.ExitCode);
        Assert.Contains("The data of the run is not found", gone.Error);
        Assert.Contains($"gputrainer train DATASET --resume {run}", gone.Error);
        File.WriteAllLines(table, File.ReadAllLines(moved).Select((line, i) => i == 5 ? line[..^1] + (line[^1] == '0' ? '1' : '0') : line));
        var changed = CommandLine.Run("train", "--resume", run, "--epochs", "2");
        Assert.Equal(ExitCode.Failure, changed.ExitCode);
        Assert.Matches("(training|test) rows +", changed.Error);
        Assert.Equal(checkpoint, File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors")));
        // At its new place the run continues, and remembers it.
        Assert.Equal(0, CommandLine.Run("train", moved, "--resume", run, "--epochs", "2").ExitCode);
        File.Delete(table);
        Assert.Equal(0, CommandLine.Run("train", "--resume", run, "--epochs", "3").ExitCode);
    }

    [Fact]
    public void ChangedOptionsNeedOverride()
    {
        using var folder = new TempFolder();
        var run = Train(folder);
        var refused = CommandLine.Run("train", "--resume", run, "--epochs", "2", "--lr", "0.5", "--batch", "7");
        Assert.Equal(ExitCode.Failure, refused.ExitCode);
        Assert.Matches("batch +[0-9]+ +7 +cannot change", refused.Error);
        Assert.Matches("lr +[0-9.E-]+ +0.5 +may change with --override", refused.Error);
        Assert.Equal(0, CommandLine.Run("train", "--resume", run, "--epochs", "2", "--lr", "0.5", "--override").ExitCode);
        // It is stored: the next resume needs no option.
        Assert.Contains("\"learningRate\": 0.5", File.ReadAllText(Path.Combine(run, "config.json")));
        Assert.Equal(0, CommandLine.Run("train", "--resume", run, "--epochs", "3", "--lr", "0.5").ExitCode);
    }

    [Fact]
    public void GeneratedDataNeverReplacesAnotherFile()
    {
        using var folder = new TempFolder();
        var table = folder.Write("points.csv", "mine"u8.ToArray());
        var refused = CommandLine.Run("data", "generate", "moons", "--out", table);
        Assert.Equal((ExitCode.Usage, true), (refused.ExitCode, refused.Error.Contains("exists and has other content", StringComparison.Ordinal)));
        Assert.Equal("mine", File.ReadAllText(table));
        string[] digits = ["data", "generate", "digits", "--train", "30", "--test", "20", "--out", folder.File("digits")];
        folder.Write("digits/t10k-labels-idx1-ubyte.gz", "mine"u8.ToArray());
        Assert.Equal(ExitCode.Usage, CommandLine.Run(digits).ExitCode);
        // Not one file was written.
        Assert.Single(Directory.GetFileSystemEntries(folder.File("digits")));
        File.Delete(folder.File("digits", "t10k-labels-idx1-ubyte.gz"));
        Assert.Equal(0, CommandLine.Run(digits).ExitCode);
        // The same data again is fine.
        Assert.Equal(0, CommandLine.Run(digits).ExitCode);
        Assert.Equal(4, Directory.GetFileSystemEntries(folder.File("digits")).Length);
        var results = folder.Write("sweep.csv", "mine"u8.ToArray());
        Assert.Contains("is not the result of a sweep", CommandLine.Run("sweep", "moons", "--out", results).Error);
    }

    private static string Train(TempFolder folder)
    {
        var run = folder.File("run");
        var trained = CommandLine.Run("train", "moons", "--epochs", "1", "--out", run);
        Assert.True(trained.ExitCode == 0, trained.Error);
        return run;
    }
}
