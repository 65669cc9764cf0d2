using System.Text.Json;
using Gpu.Cli;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;

namespace Gpu.Tests.Cli;

/// <summary>Commands on devices with too little memory.</summary>
public class OutOfMemoryTests
{
    private const long Limit = 8_000_000;

    [Fact]
    public void TrainingThatDoesNotFitNamesABatchThatWouldFit()
    {
        using var folder = new TempFolder();
        string[] train = ["train", "--model", "cnn2", "--limit-train", "256", "--limit-test", "64", "--steps", "1", "--out", folder.File("run")];
        var refused = Run([.. train, "--batch", "250", "--json"]);
        Assert.Equal(ExitCode.Failure, refused.ExitCode);
        Assert.Matches(
            @"^error: training cnn2 on batches of 250 needs [\d,]+ bytes on CPU.*, where 8,000,000 bytes are free\. A batch of \d+ would fit\.\s*$",
            refused.Error);
        var batch = refused.Error.Split("A batch of ")[1].Split(' ')[0];
        var done = Run([.. train, "--batch", batch]);
        Assert.True(done.ExitCode == ExitCode.Success, done.Error);
        Assert.Equal(ExitCode.Failure, Run([.. train, "--batch", $"{int.Parse(batch) + 1}"]).ExitCode);

        // Evaluation chooses a batch that fits.
        var evaluated = Run(["eval", folder.File("run"), "--limit", "400", "--json"], Limit / 2);
        Assert.True(evaluated.ExitCode == ExitCode.Success, evaluated.Error);
        Assert.Equal(400, evaluated.Json.GetProperty("samples").GetInt32());
    }

    [Fact]
    public void BenchThatDoesNotFitNamesABatchThatWouldFit()
    {
        var step = Run(["bench", "step", "--model", "cnn2", "--batch", "512"]);
        Assert.Equal(ExitCode.Failure, step.ExitCode);
        Assert.Matches(@"a training step of cnn2 on a batch of 512 needs [\d,]+ bytes .* A batch of \d+ would fit\.", step.Error);
    }

    private static (int ExitCode, string Output, string Error, JsonElement Json) Run(string[] args, long limit = Limit)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var host = new CliHost(output, error) { OpenDevice = (_, _) => (new CpuDevice(1) { MemoryLimit = limit }, []) };
        var code = App.Run([.. args, "--device", "cpu"], host);
        var last = output.ToString().TrimEnd().Split('\n')[^1];
        return (code, output.ToString(), error.ToString(), last.StartsWith('{') ? JsonDocument.Parse(last).RootElement : default);
    }
}
