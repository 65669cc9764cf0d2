using Gpu.Cli;
using Gpu.Cli.Bench;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Oracles;
using Gpu.Training.Images;

namespace Gpu.Tests.Cli;

public class BenchTests
{
    [Fact]
    public void QuantilesComeFromTheSortedTimes()
    {
        var times = new Timings([5, 1, 4, 2, 3, 6, 7, 8, 9, 10]);
        Assert.Equal(5.5, times.Median);
        Assert.Equal(1, times.Best);
        Assert.Equal(2, times.Quantile(0.1));
        Assert.Equal(10, times.Quantile(0.9));
        Assert.Equal(2, new Timings([3, 1, 2]).Median);
        Assert.Throws<ArgumentException>(() => new Timings([]));
    }

    [Fact]
    public void MeasureCountsItsRunsAndCanBeCancelled()
    {
        using var device = new CpuDevice(1);
        var calls = 0;
        var times = Timings.Measure(device, () => calls++, seconds: 0, least: 5, most: 7, warmup: 3);
        Assert.Equal((5, 8), (times.Runs, calls));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => Timings.Measure(device, () => { }, 0, cancellation: cancelled.Token));
    }

    [Fact]
    public void EveryOperationCanBeRecorded()
    {
        using var device = new CpuDevice(1);
        var names = new HashSet<string>();
        // All tiny cases, and the large ones except those that take much memory.
        var cases = OperationCases.All(OperationSizes.Tiny).Concat(OperationCases.All().Where(one => !one.Shape.EndsWith("0M", StringComparison.Ordinal)));
        foreach (var one in cases)
        {
            Assert.True(names.Add(one.Id), one.Id);
            Assert.True(one.Flops > 0 ^ one.Bytes > 0, one.Id);
            using var memory = new BenchMemory(device);
            var list = new CommandList(device);
            one.Prepare(memory)(list);
            Assert.NotEmpty(list.Commands);
        }
    }

    [Fact]
    public void OpsReportsTheShareOfTheCeiling()
    {
        var run = CommandLine.Run("bench", "ops", "--only", "conv_fwd_N128_13x13", "--seconds", "0.01", "--copy-mb", "4", "--threads", "2", "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        var ceiling = run.Json.GetProperty("ceilings").GetProperty("gflops").GetDouble();
        // A CPU has no tensor cores. Where a device has them, they set the ceiling of matrix products.
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("ceilings").GetProperty("matrix_gflops").ValueKind);
        Assert.Equal((3.0, 1.0), (new Ceilings(1, 2, 3).ProductGflops, new Ceilings(1, 2, null).ProductGflops));
        var operation = Assert.Single(run.Json.GetProperty("operations").EnumerateArray());
        Assert.Equal(2.0 * 128 * 11 * 11 * 64 * 32 * 9, operation.GetProperty("flops").GetDouble());
        var rate = operation.GetProperty("gflops").GetDouble();
        Assert.Equal(operation.GetProperty("flops").GetDouble() / operation.GetProperty("median_ms").GetDouble() / 1e6, rate, rate * 1e-6);
        Assert.Equal(rate / ceiling, operation.GetProperty("share_of_ceiling").GetDouble(), 1e-9);
    }

    [Fact]
    public void StoppedOpsReportWhatTheyHaveMeasured()
    {
        // The first question is that of the result, the others come before each operation.
        var run = CommandLine.RunUntil(4, "bench", "ops", "--device", "simulator", "--seconds", "0.001", "--json");
        Assert.Equal(ExitCode.Cancelled, run.ExitCode);
        var cases = OperationCases.All(OperationSizes.Tiny).Select(one => one.Id).ToArray();
        Assert.Equal(cases[..2], run.Json.GetProperty("operations").EnumerateArray().Select(operation => operation.GetProperty("op").GetString()));
        Assert.Equal($"stopped while measuring {cases[2]} (2 of {cases.Length})", run.Json.GetProperty("incomplete").GetString());
        Assert.True(run.Json.GetProperty("ceilings").GetProperty("gflops").GetDouble() > 0);
        Assert.Equal("stopped", run.Json.GetProperty("error").GetString());
    }

    [Fact]
    public void OpsRunInTheSimulatorOnTinyTensors()
    {
        var run = CommandLine.Run("bench", "ops", "--device", "simulator", "--seconds", "0.001", "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal("host", run.Json.GetProperty("timing").GetString());
        Assert.Equal(OperationCases.All(OperationSizes.Tiny).Select(one => one.Id),
            run.Json.GetProperty("operations").EnumerateArray().Select(operation => operation.GetProperty("op").GetString()));
    }

    [Fact]
    public void AnOperationThatDoesNotFitInMemoryIsSkipped()
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var host = new CliHost(output, error) { OpenDevice = (_, _) => (new CpuDevice(1) { MemoryLimit = 9_000_000 }, []) };
        Assert.Equal(ExitCode.Success, App.Run(["bench", "ops", "--only", "opt_sgd_wd", "--seconds", "0.001", "--copy-mb", "4"], host));
        Assert.Contains("skipped opt_sgd_wd_10M: CPU", error.ToString());
        Assert.Contains(" 1M ", output.ToString());
        Assert.DoesNotContain(" 10M ", output.ToString());
    }

    [Fact]
    public void SimulatorTimesOneRunAtATimeOnTheHost()
    {
        using var device = TestDevices.Simulator();
        using var buffer = device.Allocate(64);
        var list = new CommandList(device);
        PeakThroughput.MultiplyAdds(list, buffer.View, 2);
        var times = LaunchTimings.Measure(device, list, 0);
        Assert.Equal((1, false, false), (times.Repetitions, times.IsOnDevice, times.IsGraph));
        Assert.True(times.Times.Best > 0);
    }

    [Theory]
    [InlineData("cnn2")]
    [InlineData("mlp10")]
    [InlineData("mlp128")]
    public void StepReportHasTheDocumentedFields(string model)
    {
        var run = CommandLine.Run("bench", "step", "--model", model, "--batch", "4", "--seconds", "0.01", "--threads", "2", "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal(model, run.Json.GetProperty("model").GetString());
        Assert.Equal(4, run.Json.GetProperty("batch").GetInt32());
        Assert.Equal("cpu", run.Json.GetProperty("device").GetString());
        Assert.Equal(2, run.Json.GetProperty("threads").GetInt32());
        var median = run.Json.GetProperty("median_ms").GetDouble();
        Assert.InRange(median, run.Json.GetProperty("p10_ms").GetDouble(), run.Json.GetProperty("p90_ms").GetDouble());
        Assert.Equal(4 / median * 1e3, run.Json.GetProperty("samples_per_s").GetDouble(), 1e-3 / median);
        Assert.True(run.Json.GetProperty("peak_bytes").GetInt64() > 4 * run.Json.GetProperty("parameters").GetInt64());
        Assert.True(double.IsFinite(run.Json.GetProperty("last_loss").GetDouble()));
    }

    [Fact]
    public void AnUnknownOperationIsAUsageError()
    {
        var run = CommandLine.Run("bench", "ops", "--only", "sgem_");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("Operations: sgemm", run.Error);
    }

    [Fact]
    public void ImagesAreReadInTwoWays()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 6; i++)
            ImageCodec.SavePng(folder.File($"{i}.png"), new ByteImage(20 + i, 30, 3));
        var run = CommandLine.Run("bench", "images", folder.Path, "--size", "16", "--rounds", "2", "--json");
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        Assert.Equal((6, 2), (run.Json.GetProperty("images").GetInt32(), run.Json.GetProperty("rounds").GetInt32()));
        var (rate, alone) = (run.Json.GetProperty("images_per_s").GetDouble(), run.Json.GetProperty("imagesharp_images_per_s").GetDouble());
        Assert.True(rate > 0 && alone > 0);
        Assert.Equal(rate / (alone * run.Json.GetProperty("processors").GetInt32()), run.Json.GetProperty("share").GetDouble(), 1e-9);
    }

    [Fact]
    public void PlainImageSharpGivesTheImagesThatTrainingGetsFromPng()
    {
        using var folder = new TempFolder();
        var image = new ByteImage(40, 64, 3);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)((i / 3 % 64 * 4) ^ (i % 3 * 50));
        ImageCodec.SavePng(folder.File("image.png"), image);
        var expected = new ImageTransform { Height = 16, Width = 16 }.Apply(image, RgbColor.White).Pixels;
        var actual = PlainImageSharp.Decode(folder.File("image.png"), 16, 16);
        // Both scale by the same filter and keep the center; cropping before or after scaling moves the grid by less than half a pixel.
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second - pair.First, -3, 3));
    }

    [Theory]
    [InlineData("empty", "has no images")]
    [InlineData("missing", "There is no folder")]
    [InlineData("damaged", "damaged.png")]
    public void FoldersThatCannotBeTimedAreRefused(string name, string expected)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("empty"));
        Directory.CreateDirectory(folder.File("damaged"));
        File.WriteAllBytes(folder.File("damaged", "damaged.png"), [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0]);
        var run = CommandLine.Run("bench", "images", folder.File(name), "--rounds", "1");
        Assert.NotEqual(ExitCode.Success, run.ExitCode);
        Assert.Contains(expected, run.Error);
    }
}
