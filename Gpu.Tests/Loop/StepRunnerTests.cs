using Gpu.Kernels;
using Gpu.Tests.Oracles;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Loop;

public class StepRunnerTests
{
    private static readonly Model Model = new("m", TensorShape.Features(12), [new DenseLayer(9), new DropoutLayer(0.3f), new DenseLayer(4)]);

    public static TheoryData<string> Devices => [.. TestDevices.Names.Where(name => name is "cpu256" or "simulator")];

    // Step tables are uploaded ahead, and again when the learning rate, the number of batches per step or the batch size differs from the prediction.
    [Theory]
    [MemberData(nameof(Devices))]
    public void UploadingStepsAheadChangesNoResult(string name)
    {
        using var lease = TestDevices.Rent(name);
        var device = lease.Device;
        var expected = Weights(wholeSteps: false);
        var got = Weights(wholeSteps: true);
        Assert.Equal(expected, got);

        float[] Weights(bool wholeSteps)
        {
            using var network = new Network(Model, device, 3);
            using var runner = new StepRunner(network, 6, new TrainingOptions { Optimizer = OptimizerKind.Adam, Seed = 3 });
            var random = new Random(1);
            for (var step = 0; step < 14; step++)
            {
                var batch = step is > 5 and < 8 ? 4 : 6;
                var inputs = Enumerable.Range(0, 12 * batch).Select(_ => random.NextSingle()).ToArray();
                runner.SetBatch(inputs, [.. Enumerable.Range(0, batch).Select(_ => random.Next(4))]);
                runner.LearningRate = step < 5 ? 0.01f : 0.01f / step;
                if (!wholeSteps) runner.Evaluate();
                if (step == 10) runner.ForwardBackward();
                if (wholeSteps) runner.Step();
                else
                {
                    runner.ForwardBackward();
                    runner.Update();
                }
            }

            return [.. Model.Parameters.SelectMany(parameter => network.GetParameter(parameter.Name))];
        }
    }

    [Fact]
    public void EachBatchSizeHasOneCommandList()
    {
        using var lease = TestDevices.Rent("cpu256");
        var device = lease.Device;
        using var network = new Network(Model, device, 3);
        using var runner = new StepRunner(network, 6);
        runner.SetBatch(new float[72], new int[6]);
        var list = runner.StepCommands;
        runner.Step();
        runner.SetBatch(new float[24], new int[2]);
        Assert.NotSame(list, runner.StepCommands);
        runner.SetBatch(new float[72], new int[6]);
        Assert.Same(list, runner.StepCommands);
        Assert.Equal(list.Commands.Count, runner.LaunchCount);
        Assert.Contains("StepTableAdvance", list.Commands[0].Name);
    }
}
