using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Bench;

/// <summary>The operations of <c>bench ops</c>, with shapes of the built-in networks and shapes larger than any cache.</summary>
internal static class OperationCases
{
    /// <summary>Returns all operations.</summary>
    /// <param name="sizes">their sizes; null for those of the CPU</param>
    public static IEnumerable<OperationCase> All(OperationSizes? sizes = null)
    {
        sizes ??= OperationSizes.Cpu;
        return
        [
            .. DenseCases(sizes), .. Conv2dCases(sizes), .. DepthwiseCases(sizes), .. PoolingCases(sizes), .. NormalizationCases(sizes),
            .. ElementwiseCases(sizes), .. LossCases(sizes), .. OptimizerCases(sizes),
        ];
    }

    private static IEnumerable<OperationCase> DenseCases(OperationSizes sizes)
    {
        foreach (var n in sizes.Matrices)
            yield return DenseForward("sgemm", $"{n}", n, n, n);
        foreach (var (inputs, outputs) in sizes.DenseLayers)
        {
            var batch = sizes.Batch;
            var shape = $"{batch}x{inputs}to{outputs}";
            yield return DenseForward("dense_fwd", shape, batch, inputs, outputs);
            var flops = 2L * batch * inputs * outputs;
            yield return new OperationCase("dense_bwd-data", shape, flops, 0, memory =>
            {
                var (gradient, weights, result) = (memory.Random(batch * outputs), memory.Random(inputs * outputs), memory.Zeros(batch * inputs));
                var workspace = Workspace(memory, Dense.WorkspaceLength(batch, inputs, outputs));
                return executor => Dense.BackwardData(executor, batch, inputs, outputs, gradient, weights, result, workspace);
            });
            yield return new OperationCase("dense_bwd-weight", shape, flops, 0, memory =>
            {
                var (input, gradient, result) = (memory.Random(batch * inputs), memory.Random(batch * outputs), memory.Zeros(inputs * outputs));
                var workspace = Workspace(memory, Dense.WorkspaceLength(batch, inputs, outputs));
                return executor => Dense.BackwardWeights(executor, batch, inputs, outputs, input, gradient, result, default, workspace);
            });
        }
    }

    private static OperationCase DenseForward(string name, string shape, int batch, int inputs, int outputs) =>
        new(name, shape, 2L * batch * inputs * outputs, 0, memory =>
        {
            var (input, weights, output) = (memory.Random(batch * inputs), memory.Random(inputs * outputs), memory.Zeros(batch * outputs));
            var workspace = Workspace(memory, Dense.WorkspaceLength(batch, inputs, outputs));
            return executor => Dense.Forward(executor, batch, inputs, outputs, input, weights, default, output, Activation.None, workspace);
        });

    private static IEnumerable<OperationCase> Conv2dCases(OperationSizes sizes)
    {
        foreach (var (side, inputs, outputs, padding) in sizes.Convolutions)
        {
            var shape = new Conv2dShape
            {
                Batch = sizes.Batch, InputHeight = side, InputWidth = side, InputChannels = inputs, OutputChannels = outputs, KernelHeight = 3, KernelWidth = 3,
                PaddingTop = padding, PaddingLeft = padding, PaddingBottom = padding, PaddingRight = padding,
            };
            var name = $"N{sizes.Batch}_{side}x{side}_{inputs}to{outputs}_{(padding > 0 ? "same" : "valid")}_nhwc";
            var flops = 2 * shape.MultiplyAdds;
            yield return new OperationCase("conv_fwd", name, flops, 0, memory =>
            {
                var (input, weights, output) = (memory.Random(shape.InputLength), memory.Random(shape.WeightLength), memory.Zeros(shape.OutputLength));
                var workspace = Workspace(memory, Conv2d.WorkspaceLength(shape));
                return executor => Conv2d.Forward(executor, shape, input, weights, default, output, Activation.None, workspace);
            });
            yield return new OperationCase("conv_bwd-data", name, flops, 0, memory =>
            {
                var (gradient, weights, result) = (memory.Random(shape.OutputLength), memory.Random(shape.WeightLength), memory.Zeros(shape.InputLength));
                var workspace = Workspace(memory, Conv2d.WorkspaceLength(shape));
                return executor => Conv2d.BackwardData(executor, shape, gradient, weights, result, workspace);
            });
            yield return new OperationCase("conv_bwd-weight", name, flops, 0, memory =>
            {
                var (input, gradient, result) = (memory.Random(shape.InputLength), memory.Random(shape.OutputLength), memory.Zeros(shape.WeightLength));
                var workspace = Workspace(memory, Conv2d.WorkspaceLength(shape));
                return executor => Conv2d.BackwardWeights(executor, shape, input, gradient, result, default, workspace);
            });
        }
    }

    // Memory bound, so they count bytes: the input and the output once each.
    private static IEnumerable<OperationCase> DepthwiseCases(OperationSizes sizes)
    {
        foreach (var (batch, side, channels) in sizes.DepthwiseConvolutions)
        {
            var shape = new Conv2dShape
            {
                Batch = batch, InputHeight = side, InputWidth = side, InputChannels = channels, OutputChannels = channels, Groups = channels,
                KernelHeight = 3, KernelWidth = 3, PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1,
            };
            var name = $"N{batch}_{side}x{side}x{channels}_nhwc";
            var bytes = Bytes(shape.InputLength) + Bytes(shape.OutputLength);
            yield return new OperationCase("depthwise_fwd", name, 0, bytes, memory =>
            {
                var (input, weights, output) = (memory.Random(shape.InputLength), memory.Random(shape.WeightLength), memory.Zeros(shape.OutputLength));
                var workspace = Workspace(memory, Conv2d.WorkspaceLength(shape));
                return executor => Conv2d.Forward(executor, shape, input, weights, default, output, Activation.None, workspace);
            });
            yield return new OperationCase("depthwise_bwd-data", name, 0, bytes, memory =>
            {
                var (gradient, weights, result) = (memory.Random(shape.OutputLength), memory.Random(shape.WeightLength), memory.Zeros(shape.InputLength));
                var workspace = Workspace(memory, Conv2d.WorkspaceLength(shape));
                return executor => Conv2d.BackwardData(executor, shape, gradient, weights, result, workspace);
            });
            yield return new OperationCase("depthwise_bwd-weight", name, 0, bytes, memory =>
            {
                var (input, gradient, result) = (memory.Random(shape.InputLength), memory.Random(shape.OutputLength), memory.Zeros(shape.WeightLength));
                var workspace = Workspace(memory, Conv2d.WorkspaceLength(shape));
                return executor => Conv2d.BackwardWeights(executor, shape, input, gradient, result, default, workspace);
            });
        }
    }

    private static IEnumerable<OperationCase> PoolingCases(OperationSizes sizes)
    {
        foreach (var (channels, side) in sizes.Poolings)
        {
            var shape = new Pool2dShape(sizes.Batch, side, side, channels, 2, 2, 2, 2);
            var name = $"{sizes.Batch}x{channels}x{side}x{side}_nhwc";
            var (input, output) = (Bytes(shape.InputLength), Bytes(shape.OutputLength));
            yield return new OperationCase("maxpool2_fwd", name, 0, input + output, memory =>
            {
                var (x, y) = (memory.Random(shape.InputLength), memory.Zeros(shape.OutputLength));
                return executor => MaxPool2d.Forward(executor, shape, x, y);
            });
            yield return new OperationCase("maxpool2_bwd", name, 0, 2 * input + 2 * output, memory =>
            {
                var (x, y) = (memory.Random(shape.InputLength), memory.Zeros(shape.OutputLength));
                var (gradient, result) = (memory.Random(shape.OutputLength), memory.Zeros(shape.InputLength));
                MaxPool2d.Forward(memory.Device, shape, x, y);
                return executor => MaxPool2d.Backward(executor, shape, x, y, gradient, result);
            });
            yield return new OperationCase("avgpool2_fwd", name, 0, input + output, memory =>
            {
                var (x, y) = (memory.Random(shape.InputLength), memory.Zeros(shape.OutputLength));
                return executor => AvgPool2d.Forward(executor, shape, x, y);
            });
            yield return new OperationCase("avgpool2_bwd", name, 0, input + output, memory =>
            {
                var (gradient, result) = (memory.Random(shape.OutputLength), memory.Zeros(shape.InputLength));
                return executor => AvgPool2d.Backward(executor, shape, gradient, result);
            });
        }
    }

    private static IEnumerable<OperationCase> ElementwiseCases(OperationSizes sizes)
    {
        var count = sizes.Batch * sizes.Channels * sizes.Side * sizes.Side;
        var shape = $"{sizes.Batch}x{sizes.Channels}x{sizes.Side}x{sizes.Side}";
        foreach (var kind in new[] { ActivationKind.Relu, ActivationKind.Tanh, ActivationKind.Gelu, ActivationKind.Silu })
        {
            var (name, activation) = (kind.ToString().ToLowerInvariant(), new Activation(kind));
            yield return new OperationCase($"{name}_fwd", shape, 0, 2 * Bytes(count), memory =>
            {
                var (x, y) = (memory.Random(count), memory.Zeros(count));
                return executor => ActivationOps.Forward(executor, activation, x, y);
            });
            yield return new OperationCase($"{name}_bwd", shape, 0, 3 * Bytes(count), memory =>
            {
                var (saved, gradient, result) = (memory.Random(count), memory.Random(count), memory.Zeros(count));
                return executor => ActivationOps.Backward(executor, activation, saved, gradient, result);
            });
        }

        yield return new OperationCase("relu_fwd_inplace", shape, 0, 2 * Bytes(count), memory =>
        {
            var x = memory.Random(count);
            return executor => ActivationOps.Forward(executor, Activation.Relu, x, x);
        });
        yield return new OperationCase("add", shape, 0, 3 * Bytes(count), memory =>
        {
            var (a, b, sum) = (memory.Random(count), memory.Random(count), memory.Zeros(count));
            return executor => ResidualAdd.Forward(executor, a, b, sum, Activation.None);
        });
        var half = sizes.Channels / 2;
        var pixels = sizes.Batch * sizes.Side * sizes.Side;
        yield return new OperationCase("concat_fwd", shape, 0, 2 * Bytes(count), memory =>
        {
            var (a, b, y) = (memory.Random(pixels * half), memory.Random(pixels * half), memory.Zeros(pixels * 2 * half));
            return executor =>
            {
                Concat.Forward(executor, pixels, half, a, 2 * half, 0, y);
                Concat.Forward(executor, pixels, half, b, 2 * half, half, y);
            };
        });
        yield return new OperationCase("concat_bwd", shape, 0, 2 * Bytes(count), memory =>
        {
            var (gradient, a, b) = (memory.Random(pixels * 2 * half), memory.Zeros(pixels * half), memory.Zeros(pixels * half));
            return executor =>
            {
                Concat.Backward(executor, pixels, half, 2 * half, 0, gradient, a);
                Concat.Backward(executor, pixels, half, 2 * half, half, gradient, b);
            };
        });
        yield return new OperationCase("dropout_fwd", shape, 0, 2 * Bytes(count), memory =>
        {
            var (x, y, state) = (memory.Random(count), memory.Zeros(count), memory.StepState());
            return executor => Dropout.Forward(executor, 0.25f, 1, state, x, y);
        });
        yield return new OperationCase("dropout_bwd", shape, 0, 2 * Bytes(count), memory =>
        {
            var (gradient, result, state) = (memory.Random(count), memory.Zeros(count), memory.StepState());
            return executor => Dropout.Backward(executor, 0.25f, 1, state, gradient, result);
        });
    }

    private static IEnumerable<OperationCase> NormalizationCases(OperationSizes sizes)
    {
        var rows = sizes.Batch * sizes.Side * sizes.Side;
        var channels = sizes.Channels;
        var count = rows * channels;
        var shape = $"{sizes.Batch}x{channels}x{sizes.Side}x{sizes.Side}_nhwc";

        // The statistics need an extra pass over the inputs: 2 reads and 1 write forward, 4 reads and 1 write backward.
        foreach (var (suffix, activation) in new[] { ("", Activation.None), ("+relu", Activation.Relu) })
        {
            yield return new OperationCase($"batchnorm{suffix}_fwd", shape, 0, 3 * Bytes(count), memory =>
            {
                var (x, y, gamma, beta) = (memory.Random(count), memory.Zeros(count), memory.Random(channels), memory.Random(channels));
                var (runningMean, runningVariance, mean, deviation) = (memory.Zeros(channels), memory.Zeros(channels), memory.Zeros(channels),
                    memory.Zeros(channels));
                var workspace = Workspace(memory, BatchNorm.WorkspaceLength(rows, channels));
                return executor => BatchNorm.ForwardTraining(
                    executor, rows, channels, x, new(gamma, beta, runningMean, runningVariance), 0.1f, 1e-5f, y, new(mean, deviation), activation, workspace);
            });
            yield return new OperationCase($"batchnorm{suffix}_bwd", shape, 0, 5 * Bytes(count), memory =>
            {
                var (x, gradient, result, gamma, beta) = (memory.Random(count), memory.Random(count), memory.Zeros(count), memory.Random(channels),
                    memory.Random(channels));
                var (mean, deviation, gammaGradient, betaGradient) = (memory.Random(channels), memory.Random(channels), memory.Zeros(channels),
                    memory.Zeros(channels));
                var workspace = Workspace(memory, BatchNorm.WorkspaceLength(rows, channels));
                return executor => BatchNorm.Backward(
                    executor, rows, channels, x, gradient, new(gamma, beta, mean, deviation), new(mean, deviation), result, new(gammaGradient, betaGradient),
                    activation, workspace);
            });
        }
    }

    private static IEnumerable<OperationCase> LossCases(OperationSizes sizes)
    {
        var batch = sizes.Batch;
        foreach (var classes in sizes.Classes)
        {
            yield return new OperationCase("softmaxCE_fwd+bwd", $"{batch}x{classes}", 0, 2 * Bytes(batch * classes), memory =>
            {
                var (logits, gradient) = (memory.Random(batch * classes), memory.Zeros(batch * classes));
                var (labels, losses) = (memory.Labels(batch, classes), memory.Zeros(batch));
                return executor => SoftmaxCrossEntropy.Run(executor, batch, classes, logits, labels, gradient, losses);
            });
        }
    }

    private static IEnumerable<OperationCase> OptimizerCases(OperationSizes sizes)
    {
        (string Name, OptimizerSettings Settings, SegmentFactors Factors)[] rules =
        [
            ("sgd_wd", OptimizerSettings.Sgd(), new SegmentFactors { CoupledDecay = 5e-4f }),
            ("sgd_mom_wd", OptimizerSettings.WithMomentum(), new SegmentFactors { CoupledDecay = 5e-4f }),
            ("sgd_nesterov_wd", OptimizerSettings.Nesterov(), new SegmentFactors { CoupledDecay = 5e-4f }),
            ("adam_l2", OptimizerSettings.Adam(), new SegmentFactors { CoupledDecay = 5e-4f }),
            ("adamw", OptimizerSettings.AdamW(), new SegmentFactors { DecoupledDecay = 0.01f }),
        ];
        foreach (var parameters in sizes.Parameters)
        {
            foreach (var (name, settings, factors) in rules)
            {
                // Parameters, gradients and state are each read and written; the gradients are reset to 0.
                var bytes = (long)parameters * sizeof(float) * (2 + 2 + 2 * settings.StatesPerParameter);
                yield return new OperationCase($"opt_{name}", parameters % 1_000_000 == 0 ? $"{parameters / 1_000_000}M" : $"{parameters}", 0, bytes, memory =>
                {
                    var arena = new ParameterArena();
                    for (var i = 0; i < 16; i++) arena.Add($"p{i}", parameters / 16, factors);
                    var table = memory.Own(new SegmentTable(memory.Device, arena));
                    var (values, gradients, state) = (memory.Random(arena.Length), memory.Random(arena.Length), memory.StepState());
                    var moments = settings.StatesPerParameter > 0 ? memory.Zeros(settings.StateLength(arena.Length)) : default;
                    return executor => FusedOptimizer.Update(executor, settings, table, values, gradients, moments, state);
                });
            }
        }
    }

    private static DeviceView Workspace(BenchMemory memory, int words) => words > 0 ? memory.Zeros(words) : default;

    private static long Bytes(int words) => (long)words * sizeof(float);
}
