using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gpu.Cli.TensorBoard;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Training.Images;
using Gpu.Training.Runs;

namespace Gpu.Tests.TensorBoard;

/// <summary>Event files of TensorBoard, read back by the published formats.</summary>
public sealed class TensorBoardTests : IClassFixture<TrainCommandTests.SmallDigits>
{
    private const string Python = "GPUTRAINER_TENSORBOARD_PYTHON";

    private readonly TrainCommandTests.SmallDigits _digits;

    public TensorBoardTests(TrainCommandTests.SmallDigits digits) => _digits = digits;

    // RFC 3720, section B.4, and the check value of the catalogue of CRC algorithms.
    [Fact]
    public void TheChecksumIsCrc32C()
    {
        Assert.Equal(0x8a9136aau, EventFile.Checksum(new byte[32]));
        Assert.Equal(0x62a8ab43u, EventFile.Checksum([.. Enumerable.Repeat((byte)0xff, 32)]));
        Assert.Equal(0x46dd794eu, EventFile.Checksum([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0x113fdb5cu, EventFile.Checksum([.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))]));
        Assert.Equal(0xe3069283u, EventFile.Checksum("123456789"u8));
        Assert.Equal(0u, EventFile.Checksum([]));
    }

    // The first bytes of every event file: a record of 24 bytes, the masked checksum of its length, and the version.
    [Fact]
    public void AFileBeginsAsThoseOfTensorBoardDo()
    {
        using var folder = new TempFolder();
        string path;
        using (var file = EventFile.Create(folder.Path)) path = file.Path;
        Assert.Matches(@"^events\.out\.tfevents\.[0-9]{10}\.[-A-Za-z0-9_]+\.[0-9]+\.[0-9]+$", Path.GetFileName(path));
        var bytes = File.ReadAllBytes(path);
        Assert.Equal(40, bytes.Length);
        Assert.Equal([24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22, 0x09], bytes[..13]);
        Assert.Equal("\u001a\rbrain.Event:2", Encoding.ASCII.GetString(bytes[21..36]));
    }

    [Fact]
    public void ARunHasScalarsHistogramsPicturesAndHyperparameters()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        Train("--epochs", "2", "--weight-decay", "0.01", "--out", run);
        var records = WireMessage.ReadRecords(File.ReadAllBytes(Assert.Single(TensorBoardLog.Files(run))));
        Assert.Equal("brain.Event:2", records[0].Text(3));
        Assert.All(records, record => Assert.InRange(EventFile.Seconds(DateTime.UtcNow) - record.Double(1), -1, 600));
        var values = records.SelectMany(record => record.Message(5).Messages(1).Select(value => (Step: record.Integer(2), Tag: value.Text(1), Value: value)))
            .ToArray();
        var reports = RunFolder.Open(run).ReadReports();
        Assert.Equal(2, reports.Count);
        foreach (var report in reports)
        {
            Assert.Equal((float)report.TrainLoss, Scalar("loss/training", report.Step));
            Assert.Equal((float)report.Loss, Scalar("loss/test", report.Step));
            Assert.Equal((float)report.Accuracy, Scalar("accuracy/test", report.Step));
            Assert.Equal(report.LearningRate, Scalar("learning_rate", report.Step));
            foreach (var layer in report.Layers!)
            {
                Assert.Equal((float)layer.GradientNorm, Scalar($"gradient_norm/{layer.Name}", report.Step));
                var found = values.SingleOrDefault(value => value.Tag == $"weights/{layer.Name}" && value.Step == report.Step).Value;
                if (layer.Largest == 0)
                {
                    Assert.Null(found);
                    continue;
                }

                var histogram = found.Message(5);
                Assert.Equal((-layer.Largest, layer.Largest, layer.Length), (histogram.Double(1), histogram.Double(2), histogram.Double(3)));
                Assert.Equal(layer.Histogram.Select(count => (double)count), histogram.Doubles(7));
                var limits = histogram.Doubles(6);
                Assert.Equal(layer.Histogram.Count, limits.Length);
                Assert.Equal(limits.Order(), limits);
                Assert.Equal(layer.Largest, limits[^1]);
            }
        }

        var filter = values.First(value => value.Tag == "filters/conv1/1").Value.Message(4);
        var picture = ImageCodec.Decode(filter.Bytes(4), "filter");
        Assert.Equal((picture.Height, picture.Width), ((int)filter.Integer(1), (int)filter.Integer(2)));
        Assert.Contains(values, value => value.Tag.StartsWith("mistakes/1: ", StringComparison.Ordinal) && value.Value.Message(4).Integer(3) == 1);

        var experiment = Hyperparameters("experiment").Message(2);
        Assert.Equal(["accuracy/test", "loss/test"], experiment.Messages(5).Select(metric => metric.Message(1).Text(2)));
        Assert.Contains(experiment.Messages(4), setting => setting.Text(1) == "weight-decay" && setting.Integer(4) == 3);
        // The entries of a map are messages of key and value.
        var settings = Hyperparameters("session_start_info").Message(3).Messages(1).ToDictionary(entry => entry.Text(1), entry => entry.Message(2));
        Assert.Equal(0.01, settings["weight-decay"].Double(2));
        Assert.Equal("cnn2", settings["model"].Text(3));
        Assert.Equal(1, Hyperparameters("session_end_info").Message(4).Integer(1));

        float Scalar(string tag, long step) => values.Single(value => value.Tag == tag && value.Step == step).Value.Single(2);

        WireMessage Hyperparameters(string name)
        {
            var value = values.Single(one => one.Tag == $"_hparams_/{name}").Value;
            Assert.True(value.Has(8));
            var plugin = value.Message(9).Message(1);
            Assert.Equal("hparams", plugin.Text(1));
            return plugin.Message(2);
        }
    }

    [Fact]
    public void AResumeStartsAFileThatReplacesLaterSteps()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        Train("--epochs", "1", "--out", run);
        Train("--epochs", "2", "--resume", run, "--override");
        var files = TensorBoardLog.Files(run);
        Assert.Equal(2, files.Length);
        var reports = RunFolder.Open(run).ReadReports();
        var records = files.Select(file => WireMessage.ReadRecords(File.ReadAllBytes(file))).ToArray();
        var resumed = records.Single(file => file.Any(record => record.Has(7)));
        var start = resumed[1];
        Assert.Equal((reports[0].Step + 1, 1), (start.Integer(2), start.Message(7).Integer(1)));
        Assert.Equal([reports[1].Step], Steps(resumed));
        Assert.Equal([reports[0].Step], Steps(records.Single(file => file != resumed)));

        static IEnumerable<long> Steps(List<WireMessage> file) => file
            .Where(record => record.Message(5).Messages(1).Any(value => value.Text(1) == "loss/training")).Select(record => record.Integer(2));
    }

    [Fact]
    public void ARunWithoutAFileGetsOneFromItsReport()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        var train = CommandLine.Run("train", _digits.Path, "--model", "cnn2", "--epochs", "2", "--device", "cpu", "--threads", "1", "--out", run);
        Assert.True(train.ExitCode == 0, train.Error);
        Assert.Empty(TensorBoardLog.Files(run));
        var written = CommandLine.Run("report", run, "--tensorboard", "--device", "cpu", "--json");
        Assert.True(written.ExitCode == 0, written.Error);
        var file = Assert.Single(TensorBoardLog.Files(run));
        Assert.Equal(Path.GetFullPath(file), Path.GetFullPath(written.Json.GetProperty("event_files")[0].GetString()!));
        var times = WireMessage.ReadRecords(File.ReadAllBytes(file)).Where(record => record.Message(5).Messages(1).Any(value => value.Text(1) == "epoch"))
            .Select(record => record.Double(1)).ToArray();
        var second = RunFolder.Open(run).ReadReports()[1];
        Assert.Equal(second.TrainSeconds + second.EvaluationSeconds, times[1] - times[0], 1e-3);
        var again = CommandLine.Run("report", run, "--tensorboard");
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("has an event file already", again.Error, StringComparison.Ordinal);
    }

    [TensorBoardFact]
    public void TensorBoardsOwnReaderReadsTheFile()
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        Train("--epochs", "2", "--out", run);
        const string Script = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            a = EventAccumulator(sys.argv[1]); a.Reload(); tags = a.Tags()
            print(json.dumps({"loss": [[e.step, e.value] for e in a.Scalars("loss/training")], "histograms": tags["histograms"], "images": tags["images"],
                              "hparams": sorted(a.summary_metadata[t].plugin_data.plugin_name for t in a.summary_metadata if t.startswith("_hparams_"))}))
            """;
        var python = new ProcessStartInfo(Environment.GetEnvironmentVariable(Python)!, ["-c", Script, run]) { RedirectStandardOutput = true };
        using var process = Process.Start(python)!;
        var json = JsonDocument.Parse(process.StandardOutput.ReadToEnd().TrimEnd().Split('\n')[^1]).RootElement;
        process.WaitForExit();
        var reports = RunFolder.Open(run).ReadReports();
        Assert.Equal(reports.Select(report => (report.Step, (float)report.TrainLoss)),
            json.GetProperty("loss").EnumerateArray().Select(pair => (pair[0].GetInt64(), (float)pair[1].GetDouble())));
        Assert.Contains(json.GetProperty("histograms").EnumerateArray(), tag => tag.GetString() == "weights/conv1.weight");
        Assert.Contains(json.GetProperty("images").EnumerateArray(), tag => tag.GetString() == "filters/conv1/1");
        Assert.Equal(["hparams", "hparams", "hparams"], json.GetProperty("hparams").EnumerateArray().Select(name => name.GetString()));
    }

    private void Train(params string[] args)
    {
        string[] data = args.Contains("--resume") ? [] : [_digits.Path, "--model", "cnn2"];
        var train = CommandLine.Run(["train", .. data, .. args, "--device", "cpu", "--threads", "1", "--tensorboard"]);
        Assert.True(train.ExitCode == 0, train.Error);
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class TensorBoardFactAttribute : FactAttribute
    {
        public TensorBoardFactAttribute()
        {
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Python)))
                Skip = $"needs TensorBoard: set {Python} to a Python that has it (pip install tensorboard)";
        }
    }
}
