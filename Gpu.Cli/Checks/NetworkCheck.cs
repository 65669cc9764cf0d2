using Gpu.Kernels.Devices;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Cli.Checks;

/// <summary>Ten training steps of a network on a device, against the CPU and against themselves.</summary>
/// <param name="Model">the name of the network</param>
/// <param name="Form">the name of the form</param>
/// <param name="LossError">the relative difference of a loss from the CPU's, at the step where it is the largest part of its tolerance</param>
/// <param name="Tolerance">what <paramref name="LossError"/> may be</param>
/// <param name="IsReproducible">whether a second run gave the same bits</param>
/// <param name="EqualsWithoutGraph">whether a run without a graph gave the same bits; null if the device has no graphs</param>
/// <param name="Message">an error; null if there was none</param>
internal sealed record NetworkCheck(
    string Model, string Form, double LossError, double Tolerance, bool IsReproducible, bool? EqualsWithoutGraph, string? Message)
{
    private const int Steps = 10;

    // Largest relative change of a weight in the runs that measure sensitivity: a few times the rounding error of a Winograd convolution.
    private const double Perturbation = 4e-6;

    private const int PerturbedRuns = 5;

    // At its own rate of 0.1, ten steps on so few samples make a difference of 0.3 of one part in a million, and a right device can be beyond the tolerance.
    private const float ResNetRate = 3e-3f;

    /// <summary>Whether everything is right.</summary>
    public bool IsRight => Message is null && LossError <= Tolerance && IsReproducible && EqualsWithoutGraph != false;

    /// <summary>The networks: a perceptron, a convolutional and a residual network; smaller ones for a slow device.</summary>
    public static IReadOnlyList<(Model Model, int Batch)> Networks(bool isSlow) => isSlow
        ?
        [
            (BuiltInModels.Create("mlp10", TensorShape.Features(2), 1), 8),
            (new Model(
                "conv", TensorShape.Image(6, 6, 2), new Conv2dLayer(4, 3) { Padding = 1, Activation = Kernels.Activation.Relu }, new MaxPool2dLayer(2),
                new FlattenLayer(), new DenseLayer(3)), 4),
            (new Model(
                "residual", TensorShape.Image(5, 5, 4), new ResidualBlock(new Conv2dLayer(4, 3) { Padding = 1 }, new BatchNormLayer()),
                new GlobalAvgPool2dLayer(), new DenseLayer(3)), 4),
        ]
        : [(ModelFile.Find("mlp64x2"), 64), (ModelFile.Find("cnn2"), 32), (WithRate(ModelFile.Find("resnet20"), ResNetRate), 16)];

    /// <summary>
    /// The losses of the steps on one thread of the CPU, and how far those of another device may be from them. The tolerance of a step is 1e-3, plus three
    /// times what tiny changes of the initial weights make on the CPU up to this step: rounding decides which of two almost equal values max pooling takes,
    /// and Adam makes a full step for any gradient, however small, so the losses of a right device may drift apart quickly.
    /// </summary>
    public static ExpectedLosses LossesOnCpu(Model model, int batch)
    {
        using var cpu = new CpuDevice(1);
        var losses = Train(cpu, model, batch).Losses;
        var tolerances = new double[Steps];
        for (var run = 1; run <= PerturbedRuns; run++)
        {
            var perturbed = Train(cpu, model, batch, new Random(run)).Losses;
            var spread = 0.0;
            for (var step = 0; step < Steps; step++)
            {
                spread = Math.Max(spread, RelativeError(losses[step], perturbed[step]));
                tolerances[step] = Math.Max(tolerances[step], 1e-3 + 3 * spread);
            }
        }

        return new ExpectedLosses(losses, tolerances);
    }

    /// <summary>Trains a network on a form of a device.</summary>
    /// <param name="model">the network</param>
    /// <param name="batch">samples per step</param>
    /// <param name="form">the form</param>
    /// <param name="expected"><see cref="LossesOnCpu"/></param>
    public static NetworkCheck Run(Model model, int batch, CheckForm form, ExpectedLosses expected)
    {
        form.Apply();
        var rounding = form.UsesTensorCores ? form.Name == "tf32" ? 0.02 : 0.05 : 0;
        try
        {
            var first = Train(form.Device, model, batch);
            var second = Train(form.Device, model, batch);
            bool? withoutGraph = null;
            if (form.Device is AcceleratorDevice { UseGraphs: true } accelerator && first.HasGraph)
            {
                accelerator.UseGraphs = false;
                withoutGraph = Equal(first, Train(form.Device, model, batch));
                accelerator.UseGraphs = true;
            }

            var (error, tolerance) = Enumerable.Range(0, Steps)
                .Select(step => (Error: RelativeError(expected.Losses[step], first.Losses[step]), Tolerance: expected.Tolerances[step] + rounding))
                .MaxBy(one => one.Error / one.Tolerance);
            return new(model.Name, form.Name, error, tolerance, Equal(first, second), withoutGraph, null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new(model.Name, form.Name, double.NaN, rounding, false, null, $"{e.GetType().Name}: {e.Message}");
        }
    }

    private static Model WithRate(Model model, float rate) =>
        model.With(model.Recipe with { Optimizer = model.Recipe.Optimizer with { LearningRate = rate } });

    private static double RelativeError(float expected, float actual)
    {
        var error = Math.Abs(expected - actual) / Math.Max(1e-3, Math.Abs(expected));
        return double.IsNaN(error) ? 1e30 : error;
    }

    private static bool Equal(Trained a, Trained b) => a.Losses.AsSpan().SequenceEqual(b.Losses) && a.Weights.AsSpan().SequenceEqual(b.Weights);

    private static Trained Train(ComputeDevice device, Model model, int batch, Random? perturbation = null)
    {
        using var network = new Network(model, device);
        if (perturbation is not null) Perturb(network, perturbation);
        using var runner = new StepRunner(network, batch);
        var labels = new Bench.BatchLabels(runner, model, batch, new Random(2));
        var random = new Random(1);
        var inputs = new float[batch * model.Input.Length];
        var losses = new float[Steps];
        for (var step = 0; step < Steps; step++)
        {
            for (var i = 0; i < inputs.Length; i++) inputs[i] = random.NextSingle();
            labels.SetBatch(inputs);
            runner.Step();
            losses[step] = runner.ReadLoss();
        }

        var weights = model.Parameters.SelectMany(parameter => network.GetParameter(parameter.Name)).ToArray();
        return new Trained(losses, weights, runner.Recorded.Mode == LaunchMode.Graph);
    }

    private static void Perturb(Network network, Random random)
    {
        foreach (var parameter in network.Model.Parameters.Where(parameter => parameter.Trainable))
        {
            var values = network.GetParameter(parameter.Name);
            for (var i = 0; i < values.Length; i++) values[i] = (float)(values[i] * (1 + Perturbation * (2 * random.NextDouble() - 1)));
            network.SetParameter(parameter.Name, values);
        }
    }

    private sealed record Trained(float[] Losses, float[] Weights, bool HasGraph);
}

/// <summary>The losses of the steps of a network on the CPU.</summary>
/// <param name="Losses">the loss of each step</param>
/// <param name="Tolerances">the relative error that another device may have at each step</param>
internal sealed record ExpectedLosses(float[] Losses, double[] Tolerances);
