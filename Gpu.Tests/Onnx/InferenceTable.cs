using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.Planning;
using Microsoft.ML.OnnxRuntime;

namespace Gpu.Tests.Onnx;

/// <summary>
/// Measures the inference rate of this program and of ONNX Runtime on the same cores, in turns. GPUTRAINER_INFERENCE_TABLE=FILE writes the table; without it
/// the test is skipped. GPUTRAINER_INFERENCE_THREADS=N sets the threads of both. The fastest call counts, which other processes disturb least.
/// </summary>
public class InferenceTable
{
    private const string Variable = "GPUTRAINER_INFERENCE_TABLE";
    private const string ThreadsVariable = "GPUTRAINER_INFERENCE_THREADS";
    private const int Rounds = 7;
    private const double SecondsPerRound = 0.4;

    [TableFact]
    public void RatesAreMeasured()
    {
        var text = new StringBuilder();
        text.AppendLine("| model | batch | images/s here | images/s here, batch norm folded | images/s ONNX Runtime | ratio, folded | largest difference |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (var name in new[] { "cnn2", "lenet_bn32", "resnet20", "vgg_small", "resnet18", "mobilenet_small" })
        {
            foreach (var batch in new[] { 1, 64 })
            {
                // Of resnet18 a batch of 64 at 224 x 224 takes long; 96 x 96 is what a small machine trains on.
                var model = name == "resnet18" ? BuiltInModels.Create(name, Training.Shapes.TensorShape.Image(96, 96, 3), 10) : BuiltInModels.Get(name);
                text.AppendLine(Line(model, batch));
            }
        }

        File.WriteAllText(Environment.GetEnvironmentVariable(Variable)!, text.ToString());
    }

    private static string Line(Model model, int batch)
    {
        var weights = OnnxSupport.RandomWeights(model, 1);
        var inputs = OnnxSupport.Inputs(batch * model.Input.Length, 2);
        var threads = Environment.GetEnvironmentVariable(ThreadsVariable) is { Length: > 0 } number
            ? int.Parse(number, CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        using var device = new CpuDevice(threads);
        var onnx = OnnxExporter.Write(model, weights, new OnnxOptions { FoldBatchNorm = true });
        using var plain = new Runner(device, model, weights, inputs, folds: false);
        using var folded = new Runner(device, model, weights, inputs, folds: true);
        using var options = new SessionOptions { IntraOpNumThreads = device.Threads, InterOpNumThreads = 1 };
        using var session = new InferenceSession(onnx, options);
        var outputs = new float[batch * model.Output.Length];
        var input = model.Input;
        long[] shape = input.IsImage ? [batch, input.Channels, input.Height, input.Width] : [batch, input.Length];
        using var tensor = OrtValue.CreateTensorValueFromMemory(inputs, shape);
        using var result = OrtValue.CreateTensorValueFromMemory(outputs, [batch, model.Output.Length]);
        using var run = new RunOptions();
        Action[] steps =
        [
            plain.Run, folded.Run, () => session.Run(run, session.InputNames, [tensor], session.OutputNames, [result]),
        ];
        var rates = steps.Select(_ => new List<double>()).ToArray();
        foreach (var step in steps) Seconds(step, SecondsPerRound);
        for (var round = 0; round < Rounds; round++)
            for (var i = 0; i < steps.Length; i++) rates[i].Add(batch / Seconds(steps[i], SecondsPerRound));
        var best = rates.Select(list => list.Max()).ToArray();
        var difference = OnnxSupport.Run(model, weights, inputs[..input.Length], new PlanSettings { FoldBatchNorm = true, PackWeights = true })
            .Zip(OnnxSupport.RunOnnx(onnx, model, inputs[..input.Length]), (a, b) => Math.Abs(a - b)).Max();
        return string.Create(CultureInfo.InvariantCulture,
            $"| {model.Name} ({input}) | {batch} | {best[0]:F0} | {best[1]:F0} | {best[2]:F0} | {best[1] / best[2]:F2} | {difference:G2} |");
    }

    // Seconds of the fastest call.
    private static double Seconds(Action step, double atLeast)
    {
        var times = new List<double>();
        var total = Stopwatch.StartNew();
        do
        {
            var start = Stopwatch.GetTimestamp();
            step();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        while (total.Elapsed.TotalSeconds < atLeast || times.Count < 3);
        return times.Min();
    }

    private sealed class Runner : IDisposable
    {
        private readonly Network _network;
        private readonly PredictionPlans _plans;
        private readonly float[] _inputs;
        private readonly int _samples;

        public Runner(ComputeDevice device, Model model, IReadOnlyDictionary<string, float[]> weights, float[] inputs, bool folds)
        {
            _inputs = inputs;
            _network = new Network(model, device, 1);
            foreach (var (name, values) in weights) _network.SetParameter(name, values);
            _samples = inputs.Length / model.Input.Length;
            _plans = new PredictionPlans(_network.Memory, device, new PlanSettings { FoldBatchNorm = folds, PackWeights = folds }, _samples);
        }

        // As a Predictor does.
        public void Run() => _plans.Run(_inputs, _samples, (_, _) => { });

        public void Dispose()
        {
            _plans.Dispose();
            _network.Dispose();
        }
    }

    private sealed class TableFactAttribute : FactAttribute
    {
        public TableFactAttribute()
        {
            if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 }) Skip = $"measures for two minutes; {Variable}=FILE writes the table";
        }
    }
}
