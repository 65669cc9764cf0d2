using Google.Protobuf;
using Gpu.Tests.IO;
using Gpu.Tests.Planning;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.Onnx.Proto;

namespace Gpu.Tests.Onnx;

public class OnnxImportTests
{
    // Import makes classifiers and networks for masks. Networks for images from noise are refused by the layers that only they have.
    public static TheoryData<string> BuiltIns => [.. BuiltInModels.Names.Where(name => !Generators.Contains(name))];

    private static string[] Generators => ["autoencoder_small", "vae_small", "dcgan_small"];

    [Theory]
    [MemberData(nameof(BuiltIns))]
    public void ExportedModelsAreImportedWithTheSameOutputs(string name)
    {
        RoundTrip(OnnxSupport.BuiltIn(name), 2);
    }

    [Fact]
    public void RandomGraphsAreImportedWithTheSameOutputs()
    {
        var count = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var model = new RandomModels(seed).Next();
            RoundTrip(model, 2);
            count += model.Nodes.Count;
        }

        Assert.InRange(count, 200, 10_000);
    }

    [Fact]
    public void ImportedLayersAreThoseOfTheModel()
    {
        var model = BuiltInModels.Get("lenet_bn32");
        var imported = RoundTrip(model, 1);
        Assert.Equal(
            model.Parameters.Select(parameter => $"{parameter.Name} {string.Join("x", parameter.Shape)}"),
            imported.Model.Parameters.Select(parameter => $"{parameter.Name} {string.Join("x", parameter.Shape)}"));
        // The activations are in the layers before them.
        Assert.DoesNotContain(imported.Model.Layers, layer => layer is ActivationLayer);
    }

    [Fact]
    public void AFileOfPyTorchHasItsOutputs()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Onnx", "Vectors");
        var imported = OnnxImporter.Read(Path.Combine(folder, "torch.onnx"));
        using var json = System.Text.Json.JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(folder, "torch.json")));
        float[] Values(string name) => [.. json.RootElement.GetProperty(name).EnumerateArray().Select(item => item.GetSingle())];
        OnnxSupport.AssertClose(Values("outputs"), OnnxSupport.Run(imported.Model, imported.Weights, Values("inputs")));
    }

    // As PyTorch writes: Gemm with transB, a Reshape to [N, -1] whose shape is computed, half of the constants as nodes, Add of two branches, ReLU after it.
    [Fact]
    public void GraphsLikePyTorchsAreImported()
    {
        var graph = new OnnxGraphBuilder();
        var convolved = graph.Add("Conv", "conv", ["x", graph.Constant("w", [4, 3, 3, 3], OnnxSupport.Inputs(108, 1)), graph.Constant("b", [4], [1f, 2, 3, 4])],
            ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { 2, 2 }));
        var branch = graph.Add("Conv", "conv2", [convolved, graph.Constant("w2", [4, 2, 1, 1], OnnxSupport.Inputs(8, 2))],
            ("kernel_shape", new long[] { 1, 1 }), ("group", 2L));
        var silu = graph.Add("Mul", "silu", [branch, graph.Add("Sigmoid", "sigmoid", [branch])]);
        var sum = graph.Add("Relu", "relu", [graph.Add("Add", "add", [silu, convolved])]);
        var shape = graph.Add("Concat", "shape", [graph.Constant("one", 1), graph.Constant("rest", -1)], ("axis", 0L));
        var flat = graph.Add("Reshape", "flat", [sum, shape]);
        var gelu = Gelu(graph, graph.Add(
            "Gemm", "fc", [flat, graph.Constant("fw", [6, 48], OnnxSupport.Inputs(288, 3)), graph.Constant("fb", [6], OnnxSupport.Inputs(6, 4))],
            ("transB", 1L), ("alpha", 0.5f)));
        var bias = graph.Add("Add", "bias", [graph.Add("MatMul", "fc2", [gelu, graph.Constant("mw", [6, 3], OnnxSupport.Inputs(18, 5))]),
            graph.Constant("mb", [3], [0.1f, 0.2f, 0.3f])]);
        var file = File(graph, graph.Add("Softmax", "y", [bias], ("axis", 1L)), [1, 3, 6, 8]);
        var model = Import(file);
        Assert.Equal(["convolution", "convolution", "activation", "addition", "flatten", "dense", "dense"],
            model.Model.Nodes.Select(node => node.Kind));
        Assert.Contains(model.Remarks, remark => remark.Contains("softmax", StringComparison.Ordinal));
        var inputs = OnnxSupport.Inputs(144, 6);
        var logits = OnnxSupport.Run(model.Model, model.Weights, inputs);
        var sumOfAll = logits.Sum(value => Math.Exp(value));
        OnnxSupport.AssertClose(OnnxSupport.RunOnnx(file, model.Model, inputs), [.. logits.Select(value => (float)(Math.Exp(value) / sumOfAll))]);
    }

    // As tf2onnx writes Keras' models: [N, H, W, C] at the input, transposed, and again before the flatten.
    [Fact]
    public void GraphsLikeKerasAreImported()
    {
        var graph = new OnnxGraphBuilder();
        var planes = graph.Add("Transpose", "t", ["x"], ("perm", new long[] { 0, 3, 1, 2 }));
        var convolved = graph.Add("Conv", "conv", [planes, graph.Constant("w", [4, 3, 3, 3], OnnxSupport.Inputs(108, 1))], ("auto_pad", "SAME_UPPER"),
            ("strides", new long[] { 2, 2 }));
        var biased = graph.Add("Add", "bias", [convolved, graph.Constant("b", [1, 4, 1, 1], [1f, 2, 3, 4])]);
        var pixels = graph.Add("Transpose", "t2", [graph.Add("Relu", "relu", [biased])], ("perm", new long[] { 0, 2, 3, 1 }));
        var flat = graph.Add("Reshape", "flat", [pixels, graph.Constant("shape", -1, 48)]);
        var output = graph.Add("MatMul", "fc", [flat, graph.Constant("fw", [48, 5], OnnxSupport.Inputs(240, 3))]);
        var file = File(graph, output, [1, 6, 8, 3]);
        var model = Import(file);
        Assert.Equal("6x8x3", $"{model.Model.Input}");
        var inputs = OnnxSupport.Inputs(144, 6);
        // ONNX Runtime takes the same order.
        var asFeatures = OnnxSupport.RunOnnxAs(file, [1, 6, 8, 3], inputs);
        OnnxSupport.AssertClose(asFeatures, OnnxSupport.Run(model.Model, model.Weights, inputs));
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "Clip", "Clip 'n'*ReLU6*Operations that can be imported: Add, AveragePool" },
        { "LSTM", "LSTM 'n'*no layer here" },
        { "Mul", "products are only imported where they are SiLU" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void OperationsWithoutLayerAreNamed(string operation, string message)
    {
        var graph = new OnnxGraphBuilder();
        var output = graph.Add(operation, "n", ["x", graph.Constant("c", [], [2f])]);
        var mistake = Assert.Throws<OnnxException>(() => Import(File(graph, output, [1, 3, 4, 4])));
        Assert.Matches(System.Text.RegularExpressions.Regex.Escape(message).Replace("\\*", ".*", StringComparison.Ordinal), mistake.Message);
    }

    [Fact]
    public void DamagedFilesAreReported()
    {
        var graph = new OnnxGraphBuilder();
        graph.Graph.Initializer.Add(new TensorProto
        {
            Name = "w", DataType = OnnxTypes.Float, RawData = ByteString.CopyFrom(new byte[12]), Dims = { 4, 3, 3, 3 },
        });
        var output = graph.Add("Conv", "conv", ["x", "w"]);
        Assert.Contains("108 values, but the file has 3", Assert.Throws<OnnxException>(() => Import(File(graph, output, [1, 3, 6, 8]))).Message);

        graph = new OnnxGraphBuilder();
        output = graph.Add("Relu", "a", [graph.Add("Relu", "b", ["a"])]);
        Assert.Contains("cycle", Assert.Throws<OnnxException>(() => Import(File(graph, output, [1, 3, 6, 8]))).Message);

        graph = new OnnxGraphBuilder();
        output = graph.Add("Relu", "a", ["x"]);
        Assert.Contains("--size 224", Assert.Throws<OnnxException>(() => Import(File(graph, output, [1, 3, 0, 0]))).Message);
        Assert.Contains("not an ONNX file", Assert.Throws<OnnxException>(() => Import([1, 2, 3, 4, 5])).Message);
    }

    private static string Gelu(OnnxGraphBuilder graph, string x)
    {
        var erf = graph.Add("Erf", "erf", [graph.Add("Div", "div", [x, graph.Constant("root2", [], [1.4142135f])])]);
        var product = graph.Add("Mul", "product", [x, graph.Add("Add", "plus", [erf, graph.Constant("plus1", [], [1f])])]);
        return graph.Add("Mul", "half", [product, graph.Constant("0.5", [], [0.5f])]);
    }

    /// <summary>An ONNX file of a graph from x to an output.</summary>
    internal static byte[] File(OnnxGraphBuilder graph, string output, int[] shape)
    {
        var proto = graph.Graph;
        proto.Name = "test";
        proto.Input.Add(Declare("x", shape));
        proto.Output.Add(Declare(output, []));
        var file = new ModelProto { IrVersion = 8, Graph = proto };
        file.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        return file.ToByteArray();
    }

    private static ValueInfoProto Declare(string name, int[] shape)
    {
        var type = new TypeProto.Types.Tensor { ElemType = OnnxTypes.Float };
        if (shape.Length > 0)
        {
            type.Shape = new TensorShapeProto();
            type.Shape.Dim.AddRange(shape.Select(size => size > 0 ? new TensorShapeProto.Types.Dimension { DimValue = size }
                : new TensorShapeProto.Types.Dimension { DimParam = "free" }));
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = type } };
    }

    private static OnnxModel Import(byte[] content)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "model.onnx");
        System.IO.File.WriteAllBytes(path, content);
        return OnnxImporter.Read(path);
    }

    private static OnnxModel RoundTrip(Model model, int batch)
    {
        var weights = OnnxSupport.RandomWeights(model, 1);
        var imported = Import(OnnxExporter.Write(model, weights, new OnnxOptions()));
        var inputs = OnnxSupport.Inputs(batch * model.Input.Length, 2);
        var (expected, actual) = (OnnxSupport.Run(model, weights, inputs), OnnxSupport.Run(imported.Model, imported.Weights, inputs));
        OnnxSupport.AssertClose(expected, actual, 2e-6);
        return imported;
    }
}
