using Gpu.Kernels.Devices;
using Gpu.Tests.Onnx;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Tests.Planning;

public class PredictionPlansTests
{
    private static readonly PlanSettings Folding = new() { FoldBatchNorm = true, PackWeights = true };

    // Batches for the threads, whole batches that are left, and a part of a batch.
    [Theory]
    [InlineData("lenet_bn32", 5, 3)]
    [InlineData("lenet_bn32", 0, 1)]
    [InlineData("cnn2", 2, 0)]
    [InlineData("mobilenet_small", 3, 1)]
    public void OutputsAreTheSameBitsForAnyNumberOfThreads(string name, int batches, int rest)
    {
        var model = BuiltInModels.Get(name);
        var weights = OnnxSupport.RandomWeights(model, 1);
        float[]? expected = null;
        foreach (var threads in new[] { 1, 2, 3, 7 })
        {
            using var device = new CpuDevice(threads);
            using var network = Load(device, model, weights);
            using var plans = new PredictionPlans(network.Memory, device, Folding, 64);
            var count = batches * plans.Batch + rest;
            var outputs = Run(plans, model, OnnxSupport.Inputs(count * model.Input.Length, 2), count);
            expected ??= outputs;
            Assert.Equal(expected, outputs);
            Assert.Equal(expected, Run(plans, model, OnnxSupport.Inputs(count * model.Input.Length, 2), count));
        }
    }

    [Fact]
    public void ManySamplesAreReceivedInOrderAndAgreeWithPlansOfOneSample()
    {
        var model = BuiltInModels.Get("lenet_bn32");
        using var device = new CpuDevice(threads: 2);
        using var network = Load(device, model, OnnxSupport.RandomWeights(model, 3));
        using var plans = new PredictionPlans(network.Memory, device, Folding, 8);
        using var single = new PredictionPlans(network.Memory, device, Folding, 1);
        const int count = 8 * 2 * 8 + 21;
        var inputs = OnnxSupport.Inputs(count * model.Input.Length, 4);
        Assert.Equal(8, plans.Batch);
        OnnxSupport.AssertClose(Run(single, model, inputs, count), Run(plans, model, inputs, count));
    }

    [Fact]
    public void PlansMadeAfterAChangeUseTheNewWeights()
    {
        var model = BuiltInModels.Get("lenet_bn32");
        using var device = new CpuDevice(threads: 2);
        var inputs = OnnxSupport.Inputs(3 * model.Input.Length, 5);
        using var changed = Load(device, model, OnnxSupport.RandomWeights(model, 1));
        var before = RunOnce(changed);
        foreach (var (name, values) in OnnxSupport.RandomWeights(model, 2)) changed.SetParameter(name, values);
        using var other = Load(device, model, OnnxSupport.RandomWeights(model, 2));
        var after = RunOnce(changed);
        Assert.NotEqual(before, after);
        Assert.Equal(RunOnce(other), after);

        float[] RunOnce(Network network)
        {
            using var plans = new PredictionPlans(network.Memory, device, Folding, 3);
            return Run(plans, model, inputs, 3);
        }
    }

    [Fact]
    public void WithLittleMemoryFewerThreadsHavePlansOfTheirOwn()
    {
        var model = BuiltInModels.Get("lenet_bn32");
        var weights = OnnxSupport.RandomWeights(model, 1);
        var inputs = OnnxSupport.Inputs(12 * model.Input.Length, 2);
        using var device = new CpuDevice(threads: 3);
        using var network = Load(device, model, weights);
        using var enough = new PredictionPlans(network.Memory, device, Folding, 4);
        var expected = Run(enough, model, inputs, 12);
        using var plans = new PredictionPlans(network.Memory, device, Folding, 4);
        device.MemoryLimit = device.AllocatedBytes + 1000;
        Assert.Equal(expected, Run(plans, model, inputs, 12));
    }

    private static Network Load(ComputeDevice device, Model model, IReadOnlyDictionary<string, float[]> weights)
    {
        var network = new Network(model, device, 1);
        foreach (var (name, values) in weights) network.SetParameter(name, values);
        return network;
    }

    private static float[] Run(PredictionPlans plans, Model model, float[] inputs, int count)
    {
        var outputs = new List<float>();
        plans.Run(inputs, count, (from, values) =>
        {
            Assert.Equal(outputs.Count, from * model.Output.Length);
            outputs.AddRange(values);
        });
        Assert.Equal(count * model.Output.Length, outputs.Count);
        return [.. outputs];
    }
}
