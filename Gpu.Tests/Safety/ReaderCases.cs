using System.Buffers.Binary;
using System.Text;
using Gpu.Kernels.Devices;
using Gpu.Tests.Data;
using Gpu.Tests.Data.Cache;
using Gpu.Tests.Images;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Tests.Onnx;
using Gpu.Tests.Planning;
using Gpu.Training.Data;
using Gpu.Training.Data.Cache;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Images.Formats;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.Planning;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Tests.Safety;

/// <summary>A reader of files, for the mutator.</summary>
/// <param name="Name">the name in the table</param>
/// <param name="IsText">whether numbers of the text are replaced</param>
/// <param name="Files">valid files</param>
/// <param name="Documented">the exceptions that the reader documents</param>
/// <param name="Read">reads the file at a path; returns the bytes that its content takes in memory, beyond a multiple of the file's size</param>
internal sealed record ReaderCase(string Name, bool IsText, IReadOnlyList<byte[]> Files, Type[] Documented, Func<string, long> Read)
{
    /// <summary>The name of the file; some readers choose by it.</summary>
    public string FileName { get; init; } = "data";

    /// <summary>Bytes that may be allocated for any file.</summary>
    public long Allowance { get; init; } = 4_000_000;

    /// <summary>Bytes that a refused file justifies beyond its size; null for none.</summary>
    public Func<byte[], long>? Promised { get; init; }

    /// <summary>Files beside the damaged one.</summary>
    public IReadOnlyDictionary<string, byte[]> Beside { get; init; } = new Dictionary<string, byte[]>();
}

/// <summary>Every reader of files that this program did not necessarily write.</summary>
internal static class ReaderCases
{
    private static readonly CpuDevice Device = new(threads: 1);

    public static IReadOnlyList<string> Names { get; } =
    [
        "model", "safetensors", "checkpoint", "config", "split", "idx", "cifar", "csv", "parquet", "image header", "image", "pixel cache", "class names",
        "class weights", "catalog", "onnx", "coco",
    ];

    public static ReaderCase Get(string name, TempFolder folder) => name switch
    {
        "model" => new("model", true, Models(), [typeof(ModelException)], path => TrainOneStep(ModelFile.Load(path))),
        "safetensors" => new("safetensors", true, [Weights(folder)], [typeof(SafeTensorsException)], ReadTensors),
        "checkpoint" => Checkpoints(folder),
        "config" => Config(folder),
        "split" => new("split", true, [Utf8("""{"a/0.png": "train", "b/1.png": "validation", "c.png": "test", "d.png": "unused"}""")],
            [typeof(DatasetException)], path => RecordedSplit.Read(path).Files.Count),
        "idx" => Idx(folder),
        "cifar" => Cifar(),
        "csv" => new("csv", true, [Utf8("a,b,label\n1,2.5,x\n-3,1e4,y\n7,0,x\n4,\"5\",y\n1,1,x\n2,2,y\n5,5,x\n6,6,y\n")],
            [typeof(DatasetException)], path => TableFile.Load(path, new TableOptions()).Train.Count) { FileName = "data.csv" },
        "parquet" => Parquet(folder),
        "image header" => new("image header", false, [.. ImageVectors.Names.Select(ImageVectors.Bytes)], [typeof(ImageException)], path =>
            {
                _ = ImageHeader.Read(path);
                return 0;
            }),
        "image" => new("image", false, [.. ImageVectors.Names.Select(ImageVectors.Bytes)], [typeof(ImageException)], path =>
            ImageCodec.Load(path) is var image ? 16L * image.Height * image.Width : 0) { Promised = LosslessWebpBytes },
        "pixel cache" => Cache(folder),
        "onnx" => new("onnx", false, OnnxFiles(), [typeof(OnnxException)], path =>
            OnnxImporter.Read(path).Weights.Values.Sum(values => 16L * values.Length)) { FileName = "data.onnx" },
        "coco" => Coco(),
        "class names" => new("class names", true, [Utf8("cat\ndog\nbird 7\n")], [typeof(DatasetException)], path => ClassNameFile.Read(path).Length),
        "class weights" => new("class weights", true, [Utf8("""{"cat": 1, "dog": 2.5, "bird": 0}""")], [typeof(TrainingException)],
            path => ClassWeighting.Load(path).ByName!.Count),
        _ => new("catalog", true, [Utf8("""
            {"datasets": [{"name": "a", "description": "b", "classes": ["x", "y"], "files": [{"name": "f.gz", "urls": ["https://h/f"], "bytes": 12}]}]}
            """)], [typeof(DatasetException)], path => DatasetCatalog.Read(path).Count),
    };

    // A pixel of lossless WebP takes no bit if it is the only color, so that the size of the file says nothing about the size of the image.
    private static long LosslessWebpBytes(byte[] data)
    {
        var at = data.AsSpan().IndexOf("VP8L"u8);
        if (at < 0 || at + 13 > data.Length) return 0;
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(at + 9));
        return 16L * ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[][] Models() =>
    [
        .. BuiltInModels.Names.Where(name => name is "cnn2" or "mlp64x2" or "resnet20").Select(name => Utf8(ModelFile.Write(BuiltInModels.Get(name)))),
        Utf8("""
            {"name": "all", "input": [12, 12, 3], "loss": "softmax-cross-entropy", "labelSmoothing": 0.1,
             "optimizer": {"kind": "adamw", "learningRate": 0.001, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-7, "weightDecay": 0.1},
             "layers": [{"type": "convolution", "channels": 8, "kernel": [3, 3], "stride": [1, 1], "padding": [1, 1, 1, 1], "dilation": 1, "groups": 1},
              {"type": "batch-normalization", "momentum": 0.1, "epsilon": 1e-5}, {"type": "max-pooling", "window": 2, "stride": 2, "padding": 0},
              {"type": "transposed-convolution", "channels": 4, "kernel": 2, "stride": 2}, {"type": "average-pooling", "window": 2, "padding": 1},
              {"type": "upsampling", "factor": 2}, {"type": "dropout", "probability": 0.2},
              {"type": "activation", "function": {"kind": "leaky-relu", "slope": 0.2}},
              {"type": "residual", "body": [{"type": "convolution", "channels": 4, "kernel": 3, "padding": "same"}]}, {"type": "global-average-pooling"},
              {"type": "dense", "units": 5}]}
            """),
    ];

    private static ReaderCase Coco() => new("coco", true,
        [
            Utf8("""
                {"images": [{"id": 1, "file_name": "0.jpg", "height": 10, "width": 12}], "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
                 "annotations": [{"image_id": 1, "category_id": 2, "segmentation": [[0, 0, 5.5, 0, 5, 8]], "iscrowd": 0}]}
                """),
            Utf8(CocoFolderTests.Annotations([0, 1], (0, 7, "[[1, 1, 8, 1.5, 4, 9], [0, 0, 3, 0, 3, 3, 0, 3]]"),
                (0, 3, """{"counts": [20, 30, 70], "size": [10, 12]}"""), (1, 3, """{"counts": "d0n0V2", "size": [10, 12]}"""))),
        ],
        [typeof(DatasetException)], path =>
            DatasetLoader.Load(Path.GetDirectoryName(path)!, new DatasetOptions { IsUndivided = true }).Train.Masks!.Length)
        {
            FileName = "_annotations.coco.json",
            Beside = new Dictionary<string, byte[]> { ["0.jpg"] = CocoFolderTests.Jpeg(), ["1.jpg"] = CocoFolderTests.Jpeg() },
        };

    private static byte[][] OnnxFiles() => [.. new[] { 3, 7, 11 }.Select(seed =>
    {
        var model = new RandomModels(seed).Next();
        return OnnxExporter.Write(model, OnnxSupport.RandomWeights(model, 1), new OnnxOptions());
    })];

    // A model that was accepted can be trained: no shape leads out of a buffer. Only small ones are, to save time.
    private static long TrainOneStep(Model model)
    {
        const int batch = 2;
        if (model.MultiplyAdds > 2_000_000 || model.ParameterCount > 200_000 || model.Nodes.Sum(node => (long)node.Output.Length) > 200_000) return 0;
        if (model.Recipe.Loss != LossKind.SoftmaxCrossEntropy || model.Output.IsImage || model.Output.Length < 2) return 0;
        using var network = new Network(model, Device, 1);
        using var runner = new StepRunner(network, batch);
        runner.SetBatch(new float[batch * model.Input.Length], new int[batch]);
        runner.Step();
        return 50_000_000;
    }

    private static byte[] Weights(TempFolder folder)
    {
        using var network = new Network(SmallData.Network(), Device, 1);
        WeightFile.Save(network, folder.File("weights.safetensors"));
        return File.ReadAllBytes(folder.File("weights.safetensors"));
    }

    private static long ReadTensors(string path)
    {
        using var reader = new SafeTensorsReader(path);
        foreach (var name in reader.Tensors.Keys.Where(name => reader.Tensors[name].Type is "F32" or "F16" or "BF16" or "F64")) _ = reader.ReadAsFloats(name);
        return reader.Tensors.Count;
    }

    private static ReaderCase Checkpoints(TempFolder folder)
    {
        Train(folder);
        var files = new[] { File.ReadAllBytes(System.IO.Path.Combine(folder.File("run"), RunFolder.CheckpointFile)) };
        return new("checkpoint", true, files, [typeof(SafeTensorsException), typeof(TrainingException)], ReadTensors);
    }

    private static void Train(TempFolder folder)
    {
        var options = new TrainingOptions { Epochs = 1, Batch = 10, OutputFolder = folder.File("run") };
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(train: 20, test: 10), Device, options);
        trainer.Run();
    }

    private static ReaderCase Config(TempFolder folder)
    {
        Train(folder);
        byte[] Of(string name) => File.ReadAllBytes(System.IO.Path.Combine(folder.File("run"), name));
        return new("config", true, [Of(RunFolder.ConfigurationFile)], [typeof(TrainingException)], path =>
            RunFolder.Open(System.IO.Path.GetDirectoryName(path)!).Configuration.ClassNames.Count)
        {
            FileName = RunFolder.ConfigurationFile,
            Beside = new Dictionary<string, byte[]> { [RunFolder.ModelFile] = Of(RunFolder.ModelFile) },
        };
    }

    private static ReaderCase Idx(TempFolder folder)
    {
        var split = IdxTests.Sample(5, 4, 6, 1);
        IdxWriter.WriteImages(folder.File("images"), split);
        IdxWriter.WriteLabels(folder.File("labels"), split);
        byte[][] files = [File.ReadAllBytes(folder.File("images")), File.ReadAllBytes(folder.File("labels"))];
        return new("idx", false, [.. files, .. files.Select(file => Gzip.Compress(file))], [typeof(DatasetException)], path =>
        {
            try
            {
                return IdxReader.ReadImages(path).Pixels.Length;
            }
            catch (DatasetException)
            {
                return IdxReader.ReadLabels(path).Length;
            }
        });
    }

    private static ReaderCase Cifar()
    {
        var batch = new byte[2 * 3073];
        var beside = Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin").Append("test_batch.bin").ToDictionary(name => name, _ => batch);
        beside.Remove("data_batch_3.bin");
        return new("cifar", false, [batch], [typeof(DatasetException)], path =>
            DatasetLoader.Load(System.IO.Path.GetDirectoryName(path)!).Train.Count * 3072L)
        {
            FileName = "data_batch_3.bin", Beside = beside,
        };
    }

    private static ReaderCase Parquet(TempFolder folder)
    {
        ParquetFolderTests.WriteSample(folder.File("train.parquet")).GetAwaiter().GetResult();
        return new("parquet", false, [File.ReadAllBytes(folder.File("train.parquet"))], [typeof(DatasetException)], path =>
            DatasetLoader.Load(System.IO.Path.GetDirectoryName(path)!).Train.Count * 10_000L)
        {
            FileName = "train-00000.parquet",
            // A page of repeated values.
            Allowance = 20L << 20,
            Beside = new Dictionary<string, byte[]> { ["test-00000.parquet"] = File.ReadAllBytes(folder.File("train.parquet")) },
        };
    }

    private static ReaderCase Cache(TempFolder folder)
    {
        PixelFileTests.WriteSample(folder.File("x.pixels"));
        Type[] documented = [typeof(InvalidDataException), typeof(IOException), typeof(FileNotFoundException)];
        return new("pixel cache", false, [File.ReadAllBytes(folder.File("x.pixels"))], documented, path =>
        {
            using var file = PixelFile.Open(path);
            var pixels = new byte[file.Header.ImageBytes];
            for (var i = 0; i < file.Header.Count; i++)
                if (!file.IsMissing(i)) file.Read(i, pixels);
            return pixels.Length;
        });
    }
}
