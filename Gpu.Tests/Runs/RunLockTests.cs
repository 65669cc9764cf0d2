using System.Diagnostics;
using System.Text.Json.Nodes;
using Gpu.Cli;
using Gpu.Kernels.Devices;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Tests.Runs;

/// <summary>The lock of a run folder.</summary>
public class RunLockTests
{
    [Fact]
    public void ASecondTrainerOfTheSameRunIsRefused()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        using var device = new CpuDevice(1);
        using (var first = new Trainer(SmallData.Network(), SmallData.Squares(), device, RunFixture.Options with { OutputFolder = run }))
        {
            Assert.Contains("is in use: this process", Assert.Throws<RunLockedException>(() => RunFixture.Resume(run)).Message);
            first.Run();
        }

        RunFixture.Resume(run);
    }

    [Fact]
    public void ASecondProcessIsRefusedBeforeItLoadsTheData()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        using var device = new CpuDevice(1);
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, RunFixture.Options with { OutputFolder = run });
        var resumed = CommandLine.Run("train", folder.File("missing"), "--resume", run, "--device", "cpu");
        Assert.Equal(ExitCode.Failure, resumed.ExitCode);
        Assert.Contains("is in use: this process", resumed.Error);
    }

    [Fact]
    public async Task OfManyThatTakeAFolderAtOnceOneGetsIt()
    {
        using var folder = new TempFolder();
        for (var round = 0; round < 5; round++)
        {
            var path = Directory.CreateDirectory(folder.File($"run{round}")).FullName;
            // A lock of a process that was killed.
            if (round % 2 == 1) File.WriteAllText(Path.Combine(path, RunLock.FileName), Owner(owner => owner["Started"] = "2000-01-01T00:00:00Z"));
            using var start = new ManualResetEventSlim();
            var locks = Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
            {
                start.Wait();
                try
                {
                    return RunLock.Acquire(path);
                }
                catch (RunLockedException)
                {
                    return null;
                }
            })).ToArray();
            start.Set();
            var taken = (await Task.WhenAll(locks)).OfType<RunLock>().ToArray();
            using var winner = Assert.Single(taken);
            Assert.True(winner.IsHeld());
        }
    }

    [Theory]
    [InlineData("process")]
    [InlineData("started")]
    [InlineData("boot")]
    [InlineData("container")]
    [InlineData("empty")]
    public void AStaleLockIsRemoved(string kind)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File(RunLock.FileName), kind == "empty" ? "" : Owner(owner =>
        {
            if (kind == "process") owner["Process"] = EndedProcess();
            if (kind == "started") owner["Started"] = "2000-01-01T00:00:00Z";
            if (kind == "boot") owner["Boot"] = "another";
            // Another container on the same machine, where the process id of the owner means nothing.
            if (kind == "container") owner["Host"] = "another";
        }));
        using var taken = RunLock.Acquire(folder.Path);
        Assert.True(taken.IsHeld());
    }

    [Fact]
    public void ALockOfAnotherMachineOrOfALivingProcessStays()
    {
        using var folder = new TempFolder();
        var path = folder.File(RunLock.FileName);
        // The file is not open, as on a file system whose locks do not reach other machines.
        File.WriteAllText(path, Owner(owner => (owner["Host"], owner["Boot"]) = ("elsewhere", "other")));
        var error = Assert.Throws<RunLockedException>(() => RunLock.Acquire(folder.Path));
        Assert.Matches(@"process \d+ on elsewhere has trained in it since \d{4}-\d\d-\d\d", error.Message);
        Assert.Contains($"delete '{path}'", error.Message);
        using var other = StartWaiting();
        File.WriteAllText(path, Owner(owner => (owner["Process"], owner["Started"]) = (other.Id, other.StartTime.ToUniversalTime())));
        Assert.Throws<RunLockedException>(() => RunLock.Acquire(folder.Path));
        other.Kill();
        File.WriteAllText(path, "a file of someone else");
        Assert.Contains("is not the lock of a run", Assert.Throws<RunLockedException>(() => RunLock.Acquire(folder.Path)).Message);
        Assert.Equal("a file of someone else", File.ReadAllText(path));
    }

    // The content of a lock of this process, changed.
    private static string Owner(Action<JsonNode> change)
    {
        using var folder = new TempFolder();
        JsonNode owner;
        using (RunLock.Acquire(folder.Path))
        {
            using var file = new FileStream(folder.File(RunLock.FileName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            owner = JsonNode.Parse(file)!;
        }

        change(owner);
        return owner.ToJsonString();
    }

    // A process that waits for its input.
    private static Process StartWaiting() =>
        Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? "more" : "cat") { RedirectStandardInput = true })!;

    private static int EndedProcess()
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["--version"]) { RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.Id;
    }
}
