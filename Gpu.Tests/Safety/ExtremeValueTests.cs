using System.Buffers.Binary;
using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gpu.Cli;
using Gpu.Cli.Commands;
using Gpu.Cli.Output;
using Gpu.Tests.Cli;
using Gpu.Tests.Images;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Tests.Safety;

/// <summary>
/// Extreme values in every place of every file, and for every option of every command, give documented errors only. Of the files every third case runs, which
/// reaches each place and each value; with the environment variable <c>GPUTRAINER_FUZZ</c>, all run.
/// </summary>
public class ExtremeValueTests
{
    // No null character: a command line cannot hold one.
    private static readonly string[] OptionValues =
    [
        "0", "1", "-1", "2147483647", "2147483648", "4611686018427387904", "-9223372036854775808", "NaN", "Infinity", "1e300", "-1e300", "1e-300", "", "null",
        "x", "1,", "\ud800", "1x2147483647", "shift:2147483647", "constant:every=2147483648", "step:every=1e300", "*=1e300", "*=NaN",
    ];

    // Values that replace every value of a JSON file.
    private static readonly string[] JsonValues = [.. ByteMutator.ExtremeNumbers, "\"\\ud800\"", "\"\\u0000\"", "-0", "1e-400", "{\"a\": {}}", "[[1, 2], 3]"];

    // 3 divides neither the number of values of a JSON file nor that of a binary file.
    private static readonly int Stride = Environment.GetEnvironmentVariable("GPUTRAINER_FUZZ") is { Length: > 0 } ? 1 : 3;

    public static TheoryData<string> JsonReaders => ["model", "config", "split", "class weights", "catalog", "coco"];

    public static TheoryData<string> BinaryReaders => ["idx", "pixel cache", "image header", "parquet", "safetensors"];

    [Theory]
    [MemberData(nameof(JsonReaders))]
    public void EveryValueOfAJsonFileMayBeExtreme(string name)
    {
        using var samples = new TempFolder();
        using var folder = new TempFolder();
        var reader = ReaderCases.Get(name, samples);
        foreach (var (file, content) in reader.Beside) folder.Write(file, content);
        var failures = new List<string>();
        var count = 0;
        // The built-in models repeat the same properties. The last file has every layer.
        foreach (var variant in Variants(reader.Files[^1]))
            if (count++ % Stride == 0) Read(reader, folder, variant, failures);

        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.InRange(count, JsonValues.Length, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(BinaryReaders))]
    public void EveryWordOfABinaryHeaderMayBeExtreme(string name)
    {
        using var samples = new TempFolder();
        using var folder = new TempFolder();
        var reader = ReaderCases.Get(name, samples);
        foreach (var (file, content) in reader.Beside) folder.Write(file, content);
        var failures = new List<string>();
        var count = 0;
        // One image of each format. The metadata of Parquet stand at its end.
        var files = name == "image header" ? ImageVectors.Names.DistinctBy(System.IO.Path.GetExtension).Select(ImageVectors.Bytes) : reader.Files;
        foreach (var file in files)
        {
            var (from, to) = name == "parquet" ? (Math.Max(0, file.Length - 400), file.Length) : (0, Math.Min(64, file.Length));
            var sizes = name == "parquet" ? (int[])[1] : [1, 2, 4, 8];
            for (var at = from; at < to; at++)
                foreach (var size in sizes.Where(size => at % size == 0 && at + size <= file.Length))
                    foreach (var value in (ulong[])[0, 1, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, ulong.MaxValue, 0x7FFFFFFF, 0x80000000])
                        if (count++ % Stride == 0) Read(reader, folder, With(file, at, size, value), failures);
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [Fact]
    public void EveryValueOfASafetensorsHeaderMayBeExtreme()
    {
        using var folder = new TempFolder();
        var reader = ReaderCases.Get("safetensors", folder);
        var file = reader.Files[0];
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        var failures = new List<string>();
        foreach (var header in Variants(file[8..(8 + length)]))
        {
            var data = new byte[8 + header.Length + file.Length - 8 - length];
            BinaryPrimitives.WriteUInt64LittleEndian(data, (ulong)header.Length);
            header.CopyTo(data, 8);
            file.AsSpan(8 + length).CopyTo(data.AsSpan(8 + header.Length));
            Read(reader, folder, data, failures);
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [Fact]
    public void EveryOptionOfEveryCommandMayBeExtreme()
    {
        using var folder = new TempFolder();
        var bases = CommandLines(folder);
        var failures = new List<string>();
        var count = 0;
        foreach (var command in Leaves(CommandTree.Build([.. bases.Keys.SelectMany(name => name.Split(' ')).Distinct()], Context())))
        {
            var name = NameOf(command);
            Assert.True(bases.TryGetValue(name, out var arguments), $"there is no command line for '{name}'");
            Run(name, arguments!, name is "data get" or "model get" ? ExitCode.Usage : name == "serve" ? ExitCode.Cancelled : ExitCode.Success);
            foreach (var option in command.Options.Where(option => option.Arity.MaximumNumberOfValues > 0 && option.Name is not ("--help" or "--version")))
            {
                // Names of outputs would be written to the working folder.
                var isPath = option.Name is "--out" or "--to" or "--plot" or "--code";
                var values = isPath ? ["", folder.Path, folder.File("data", "train-images-idx3-ubyte", "x")]
                    : OptionValues.Where(value => !TakesLong(name, option.Name, value));
                foreach (var value in values)
                {
                    var line = Without(arguments!, option.Name);
                    Run(name, [.. line, option.Name, value], null);
                    count++;
                }
            }

            for (var i = 0; i < command.Arguments.Count; i++)
                foreach (var value in OptionValues) Run(name, [.. arguments!.Select((argument, k) => k == i ? value : argument)], null);
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.InRange(count, 1000, int.MaxValue);

        void Run(string command, string[] arguments, int? expected)
        {
            var start = Stopwatch.GetTimestamp();
            // A server that starts ends at once.
            using var limit = new CancellationTokenSource(command == "serve" ? TimeSpan.Zero : TimeSpan.FromSeconds(20));
            var run = CommandLine.Run(limit.Token, [.. command.Split(' '), .. arguments]);
            // An existing run would end the next line of train before it reads its data.
            if (Directory.Exists(folder.File("trained"))) Directory.Delete(folder.File("trained"), recursive: true);
            if (Environment.GetEnvironmentVariable("GPUTRAINER_FUZZ_REPORT") is { Length: > 0 } report && Stopwatch.GetElapsedTime(start).TotalSeconds > 0.3)
                File.AppendAllText(report, $"{command} {string.Join(' ', arguments)}: {Stopwatch.GetElapsedTime(start).TotalSeconds} s\n");
            var isRight = expected is { } code ? run.ExitCode == code : run.ExitCode is ExitCode.Success or ExitCode.Failure or ExitCode.Usage
                || (command == "serve" && run.ExitCode == ExitCode.Cancelled);
            if (run.ExitCode is not (ExitCode.Success or ExitCode.Cancelled) && run.Error.Length == 0) isRight = false;
            if (!isRight || run.Error.Contains("This is a bug", StringComparison.Ordinal))
                failures.Add($"{command} {string.Join(' ', arguments)}: exit {run.ExitCode}: {run.Error}");
        }
    }

    // For each command the arguments of a run that takes little time: positional arguments first.
    private static Dictionary<string, string[]> CommandLines(TempFolder folder)
    {
        var model = folder.Write("model.json", Encoding.UTF8.GetBytes(
            """
            {"name": "tiny", "input": [8, 8, 1], "layers": [{"type": "dropout", "probability": 0.1}, {"type": "flatten"}, {"type": "dense", "units": 4}]}
            """));
        var squares = Loop.SmallData.Squares(train: 24, test: 8);
        var data = folder.File("data");
        Directory.CreateDirectory(data);
        IdxWriter.WriteImages(folder.File("data", "train-images-idx3-ubyte"), squares.Train);
        IdxWriter.WriteLabels(folder.File("data", "train-labels-idx1-ubyte"), squares.Train);
        IdxWriter.WriteImages(folder.File("data", "t10k-images-idx3-ubyte"), squares.Test);
        IdxWriter.WriteLabels(folder.File("data", "t10k-labels-idx1-ubyte"), squares.Test);
        ImageCodec.SavePng(folder.File("image.png"), new ByteImage(8, 8, 1));
        var run = folder.File("run");
        string[] device = ["--device", "cpu", "--threads", "1"];
        var train = CommandLine.Run(["train", data, "--model", model, "--epochs", "1", "--out", run, .. device]);
        Assert.True(train.ExitCode == 0, train.Error);
        var generator = folder.File("generator");
        train = CommandLine.Run([
            "train", "--task", "autoencode", "--model", "vae_small", "--limit-train", "16", "--limit-test", "8", "--epochs", "1", "--out", generator,
            .. device]);
        Assert.True(train.ExitCode == 0, train.Error);
        var onnx = folder.File("run.onnx");
        var export = CommandLine.Run("export", run, "--out", onnx);
        Assert.True(export.ExitCode == 0, export.Error);
        return new()
        {
            ["export"] = [run, "--out", folder.File("exported.onnx")],
            ["import"] = [onnx, "--out", folder.File("trained")],
            ["model get"] = ["nothing", "--catalog", folder.Write("models.json", """{"models": []}"""u8.ToArray())],
            ["train"] = [data, "--model", model, "--epochs", "1", "--out", folder.File("trained"), .. device],
            ["eval"] = [run, data, .. device],
            ["predict"] = [run, folder.File("image.png"), .. device],
            ["generate"] = [generator, "--count", "4", "--out", folder.File("grid.png"), .. device],
            ["report"] = [run, .. device],
            ["compare"] = [run, run, "--out", folder.File("compare.html"), .. device],
            ["serve"] = [folder.Path, "--port", "0", .. device],
            ["sweep"] = [data, "--model", model, "--epochs", "1", "--lr", "0.1", "--weight-decay", "0", .. device],
            ["devices"] = [],
            ["check"] = ["--only", "step table", "--device", "cpu", "--threads", "1"],
            ["models"] = [],
            ["model show"] = ["mlp10"],
            ["data list"] = [],
            ["data get"] = ["nothing", "--catalog", folder.Write("catalog.json", """{"datasets": []}"""u8.ToArray())],
            ["data generate"] = ["digits", "--train", "10", "--test", "10", "--out", folder.File("generated")],
            ["data show"] = [data, "--out", folder.File("sheet.png")],
            ["data cache"] = [],
            ["bench ops"] = ["--only", "ReLU", "--seconds", "0.001", "--copy-mb", "1", .. device],
            ["bench step"] = ["--model", model, "--batch", "4", "--steps", "1", "--warmup", "1", "--seconds", "0.001", .. device],
        };
    }

    // Valid values with which a benchmark times many operations, or for long.
    private static bool TakesLong(string command, string option, string value) => command.StartsWith("bench", StringComparison.Ordinal)
        && ((option == "--only" && value != "NaN") || (option == "--seconds" && value is "1") || (option == "--copy-mb" && value is "1"));

    private static CommandContext Context()
    {
        var host = new CliHost(TextWriter.Null, TextWriter.Null);
        return new CommandContext(host, Reporter.Create(host, false, true, false));
    }

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    private static string NameOf(Command command)
    {
        var names = new List<string>();
        for (var current = command; current.Parents.OfType<Command>().FirstOrDefault() is { } parent; current = parent) names.Insert(0, current.Name);
        return string.Join(' ', names);
    }

    private static string[] Without(string[] arguments, string option)
    {
        var at = Array.IndexOf(arguments, option);
        return at < 0 ? arguments : [.. arguments[..at], .. arguments[(at + 2)..]];
    }

    private static void Read(ReaderCase reader, TempFolder folder, byte[] data, List<string> failures)
    {
        if (failures.Count >= 10) return;
        var path = folder.Write(reader.FileName, data);
        var content = 0L;
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            content = reader.Read(path);
        }
        catch (Exception e)
        {
            if (!reader.Documented.Contains(e.GetType())) failures.Add($"{Text(data)}: {e}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > reader.Allowance + 1200L * data.Length + content) failures.Add($"{Text(data)}: {allocated:N0} bytes were allocated");
    }

    private static string Text(byte[] data) => Encoding.Latin1.GetString(data[..Math.Min(data.Length, 2000)]);

    // The file with each value replaced by each extreme, each property renamed, and each property twice.
    private static IEnumerable<byte[]> Variants(byte[] json)
    {
        var tokens = new List<(int From, int To, bool IsName)>();
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject or JsonTokenType.EndArray or JsonTokenType.EndObject) continue;
            var from = (int)reader.TokenStartIndex;
            var quotes = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? 2 : 0;
            tokens.Add((from, from + reader.ValueSpan.Length + quotes, reader.TokenType == JsonTokenType.PropertyName));
        }

        foreach (var (from, to, isName) in tokens)
            foreach (var value in isName ? ["\"gone\"", "\"\"", "\"\\udc00\"", "\"../../x\""] : JsonValues)
                yield return [.. json[..from], .. Encoding.UTF8.GetBytes(value), .. json[to..]];
    }

    private static byte[] With(byte[] file, int at, int size, ulong value)
    {
        var copy = (byte[])file.Clone();
        for (var i = 0; i < size; i++) copy[at + i] = (byte)(value >> (8 * (size - 1 - i)));
        return copy;
    }
}
