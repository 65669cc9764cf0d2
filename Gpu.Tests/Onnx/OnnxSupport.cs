using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Gpu.Tests.Onnx;

/// <summary>Runs the same network here and in ONNX Runtime.</summary>
internal static class OnnxSupport
{
    public static readonly CpuDevice Device = new(threads: 1);

    /// <summary>Initial weights, with running statistics, normalization parameters and zero weights that are not those of the start.</summary>
    public static IReadOnlyDictionary<string, float[]> RandomWeights(Model model, int seed)
    {
        using var network = new Network(model, Device, (ulong)seed);
        var random = new Random(seed);
        return model.Parameters.ToDictionary(parameter => parameter.Name, parameter =>
        {
            var values = network.GetParameter(parameter.Name);
            var (from, to) = parameter.Declaration.Name switch
            {
                "gamma" => (0.5, 1.5),
                "running_variance" => (0.5, 2.0),
                "beta" or "running_mean" or "bias" => (-0.3, 0.3),
                _ when parameter.Declaration.Initializer == Initializer.Zeros => (-0.3, 0.3),
                _ => (0.0, 0.0),
            };
            if (to > 0) for (var i = 0; i < values.Length; i++) values[i] = (float)(from + (to - from) * random.NextDouble());
            return values;
        }, StringComparer.Ordinal);
    }

    /// <summary>The outputs of the network, [batch, outputs], for inputs in NHWC.</summary>
    public static float[] Run(Model model, IReadOnlyDictionary<string, float[]> weights, float[] inputs, PlanSettings? settings = null)
    {
        var batch = inputs.Length / model.Input.Length;
        using var network = new Network(model, Device, 1);
        foreach (var (name, values) in weights) network.SetParameter(name, values);
        using var plans = new PlanCache(network.Memory, Device, settings ?? new PlanSettings());
        var plan = plans.Evaluation(batch);
        Device.Upload<float>(inputs, plan.Input);
        plan.RunForward();
        return network.Memory.Download(plan.Output);
    }

    /// <summary>The outputs of an ONNX file for inputs in NHWC, images in NHWC again.</summary>
    public static float[] RunOnnx(byte[] file, Model model, float[] inputs) => RunOnnx(file, model, inputs, value => value);

    /// <summary>The outputs of an ONNX file whose input has elements of another type.</summary>
    public static float[] RunOnnx<T>(byte[] file, Model model, float[] inputs, Func<float, T> convert)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        using var session = new InferenceSession(file, options);
        var (input, output) = (model.Input, model.Output);
        var batch = inputs.Length / input.Length;
        int[] shape = input.IsImage ? [batch, input.Channels, input.Height, input.Width] : [batch, input.Length];
        var values = input.IsImage ? ToPlanes(inputs, batch, input.Positions, input.Channels) : inputs;
        var tensor = new DenseTensor<T>(Array.ConvertAll(values, value => convert(value)), shape);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(session.InputNames[0], tensor)]);
        var outputs = results[0].AsTensor<float>().ToArray();
        return output.IsImage ? ToPlanes(outputs, batch, output.Channels, output.Positions) : outputs;
    }

    /// <summary>The outputs of an ONNX file for an input of a shape, as they are.</summary>
    public static float[] RunOnnxAs(byte[] file, int[] shape, float[] inputs)
    {
        using var session = new InferenceSession(file, new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 });
        using var results = session.Run([NamedOnnxValue.CreateFromTensor(session.InputNames[0], new DenseTensor<float>(inputs, shape))]);
        return results[0].AsTensor<float>().ToArray();
    }

    /// <summary>A built-in model as it was published; a big one at a small size.</summary>
    public static Model BuiltIn(string name) => name is "resnet18" or "resnet18_mlnet" or "mobilenet_small"
        ? BuiltInModels.Create(name, TensorShape.Image(64, 48, 3), 7) : BuiltInModels.Get(name);

    /// <summary>Random numbers.</summary>
    public static float[] Inputs(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(2 * random.NextDouble() - 1))];
    }

    /// <summary>Checks that two results are equal within 1e-5 of the largest value, or of 1 if all are smaller.</summary>
    public static void AssertClose(float[] expected, float[] actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = Math.Max(1, expected.Max(Math.Abs));
        var difference = expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max();
        Assert.True(difference <= tolerance * scale, $"the largest difference is {difference:G3}, with values up to {scale:G3}");
        Assert.True(expected.Max() - expected.Min() > 0 || expected.Length == 1, "all outputs are equal, so that nothing was compared");
    }

    private static float[] ToPlanes(float[] values, int batch, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var n = 0; n < batch; n++)
            for (var row = 0; row < rows; row++)
                for (var column = 0; column < columns; column++)
                    result[(n * columns + column) * rows + row] = values[(n * rows + row) * columns + column];
        return result;
    }
}
