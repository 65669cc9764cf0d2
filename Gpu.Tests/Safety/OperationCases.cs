using System.Reflection;
using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Safety;

/// <summary>One call of a public operation with valid arguments.</summary>
/// <param name="Method">the operation</param>
/// <param name="Arguments">its arguments; views have exactly the needed lengths, and each has memory of its own</param>
/// <param name="Written">the names of the parameters that the operation writes</param>
internal sealed record OperationCase(MethodInfo Method, object[] Arguments, string[] Written)
{
    public string Name => $"{Method.DeclaringType!.Name}.{Method.Name}/{Method.GetParameters().Length}";

    /// <summary>Every view among the arguments, those inside records of views included: its path, and how to replace it.</summary>
    public IEnumerable<(string Path, DeviceView View, Func<DeviceView, object[]> Replace)> Views()
    {
        var parameters = Method.GetParameters();
        for (var i = 0; i < parameters.Length; i++)
        {
            var index = i;
            if (Arguments[i] is DeviceView view)
            {
                // An empty one is omitted.
                if (!view.IsEmpty) yield return (parameters[i].Name!, view, other => With(index, other));
            }
            else if (Arguments[i].GetType().GetProperties().Where(property => property.PropertyType == typeof(DeviceView)).ToArray() is { Length: > 0 } inner
                && Arguments[i] is not SegmentTable)
            {
                foreach (var property in inner)
                {
                    // Omitted.
                    if (((DeviceView)property.GetValue(Arguments[i])!).IsEmpty) continue;
                    yield return ($"{parameters[i].Name}.{property.Name}", (DeviceView)property.GetValue(Arguments[i])!, other =>
                    {
                        var copy = Copy(Arguments[index]);
                        property.SetValue(copy, other);
                        return With(index, copy);
                    });
                }
            }
        }
    }

    /// <summary>Calls the operation, and returns the exception that it threw; null for none.</summary>
    public Exception? Call(object[] arguments)
    {
        try
        {
            Method.Invoke(null, arguments);
            return null;
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException;
        }
    }

    private object[] With(int index, object value)
    {
        var copy = (object[])Arguments.Clone();
        copy[index] = value;
        return copy;
    }

    // A boxed struct is copied, so that the case keeps its own.
    private static object Copy(object record) =>
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(record, null)!;
}

/// <summary>A valid call of every public operation of Gpu.Kernels.</summary>
internal sealed class OperationCases(ComputeDevice device) : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>The public operations: public static methods whose first argument is an executor.</summary>
    public static IEnumerable<MethodInfo> Operations => typeof(Conv2d).Assembly.GetExportedTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
        .Where(method => method.GetParameters() is [var first, ..] && first.ParameterType == typeof(IExecutor));

    /// <summary>Operations that only run on devices with tensor cores.</summary>
    public static string[] NeedTensorCores => [nameof(PeakThroughput.TensorCores)];

    public IEnumerable<OperationCase> All() => Convolutions().Concat(Pools()).Concat(Norms()).Concat(Elementwise()).Concat(Losses()).Concat(Steps());

    public void Dispose() => _owned.ForEach(item => item.Dispose());

    public DeviceView View(int words)
    {
        var buffer = device.Allocate(words);
        _owned.Add(buffer);
        return buffer.View;
    }

    private OperationCase Case(Type type, string method, string written, params object[] arguments)
    {
        object[] all = [device, .. arguments];
        var found = type.GetMethods().Single(candidate => candidate.Name == method && candidate.GetParameters() is var parameters
            && parameters.Length == all.Length && Operations.Contains(candidate)
            && parameters.Zip(all).All(pair => (Nullable.GetUnderlyingType(Type(pair.First)) ?? Type(pair.First)).IsInstanceOfType(pair.Second)));
        return new OperationCase(found, all, written.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        static Type Type(ParameterInfo parameter) => parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
    }

    private IEnumerable<OperationCase> Convolutions()
    {
        var relu = Activation.Relu;
        foreach (var shape in new[]
        {
            new Conv2dShape { Batch = 2, InputHeight = 5, InputWidth = 4, InputChannels = 3, OutputChannels = 5, KernelHeight = 3, KernelWidth = 2 },
            new Conv2dShape { Batch = 4, InputHeight = 16, InputWidth = 16, InputChannels = 16, OutputChannels = 16, KernelHeight = 3, KernelWidth = 3 },
            new Conv2dShape { Batch = 2, InputHeight = 5, InputWidth = 4, InputChannels = 6, OutputChannels = 6, KernelHeight = 3, KernelWidth = 2,
                Groups = 6 },
        })
        {
            DeviceView Input() => View(shape.InputLength);
            DeviceView Output() => View(shape.OutputLength);
            DeviceView Weights() => View(shape.WeightLength);
            DeviceView Workspace() => View(Math.Max(1, ConvTranspose2d.WorkspaceLength(shape)));
            DeviceView ConvWorkspace() => View(Math.Max(1, Conv2d.WorkspaceLength(shape)));
            var (inputs, outputs) = (shape.InputChannels, shape.OutputChannels);
            yield return Case(typeof(Conv2d), "Forward", "output workspace", shape, Input(), Weights(), View(outputs), Output(), relu, ConvWorkspace());
            yield return Case(
                typeof(Conv2d), "BackwardData", "inputGradient workspace", shape, Output(), Weights(), Input(), ConvWorkspace(), relu, Input(), false);
            yield return Case(
                typeof(Conv2d), "BackwardWeights", "weightGradient biasGradient workspace", shape, Input(), Output(), Weights(), View(outputs),
                ConvWorkspace());
            // The CPU alone packs weights, and not those of depthwise convolutions.
            if (PackedConv2d.Layout(device, shape) is { Words: > 0 and var words })
            {
                yield return Case(typeof(PackedConv2d), "Pack", "packed", shape, Weights(), View(words));
                yield return Case(
                    typeof(PackedConv2d), "Forward", "output workspace", shape, Input(), View(words), View(outputs), Output(), relu,
                    View(Math.Max(1, PackedConv2d.WorkspaceLength(shape))));
            }

            yield return Case(typeof(ConvTranspose2d), "Forward", "output workspace", shape, Output(), Weights(), View(inputs), Input(), relu, Workspace());
            yield return Case(
                typeof(ConvTranspose2d), "BackwardData", "inputGradient workspace", shape, Input(), Weights(), Output(), Workspace(), relu, Output(), false);
            yield return Case(
                typeof(ConvTranspose2d), "BackwardWeights", "weightGradient biasGradient workspace", shape, Output(), Input(), Weights(), View(inputs),
                Workspace());
        }

        // Large enough for packed weights, so that a workspace is needed.
        const int batch = 64, from = 70, to = 300;
        DeviceView DenseWorkspace() => View(Dense.WorkspaceLength(batch, from, to));
        yield return Case(
            typeof(Dense), "Forward", "output workspace", batch, from, to, View(batch * from), View(from * to), View(to), View(batch * to), relu,
            DenseWorkspace());
        yield return Case(
            typeof(Dense), "BackwardData", "inputGradient workspace", batch, from, to, View(batch * to), View(from * to), View(batch * from), DenseWorkspace(),
            relu, View(batch * from), false);
        yield return Case(
            typeof(Dense), "BackwardWeights", "weightGradient biasGradient workspace", batch, from, to, View(batch * from), View(batch * to), View(from * to),
            View(to), DenseWorkspace());
    }

    private IEnumerable<OperationCase> Pools()
    {
        foreach (var shape in new[] { new Pool2dShape(2, 5, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1), new Pool2dShape(2, 6, 6, 3, 2, 2, 2, 2) })
        {
            DeviceView Input() => View(shape.InputLength);
            DeviceView Output() => View(shape.OutputLength);
            yield return Case(typeof(MaxPool2d), "Forward", "output", shape, Input(), Output());
            yield return Case(typeof(AvgPool2d), "Forward", "output", shape, Input(), Output());
            yield return Case(typeof(MaxPool2d), "Backward", "inputGradient", shape, Input(), Output(), Output(), Input(), Activation.Relu, false);
            yield return Case(typeof(AvgPool2d), "Backward", "inputGradient", shape, Output(), Input(), Activation.Relu, Input(), false);
        }

        yield return Case(typeof(Upsample), "NearestForward", "output", 2, 3, 4, 5, 2, View(120), View(480));
        yield return Case(typeof(Concat), "Forward", "output", 12, 5, View(60), 9, 3, View(108));
        yield return Case(typeof(Concat), "Backward", "inputGradient", 12, 5, 9, 3, View(108), View(60), Activation.Relu, View(60), false);
        yield return Case(typeof(Upsample), "NearestBackward", "inputGradient", 2, 3, 4, 5, 2, View(480), View(120), Activation.Relu, View(120), false);
    }

    private IEnumerable<OperationCase> Norms()
    {
        const int rows = 72, channels = 5;
        var shape = new Pool2dShape(2, 6, 6, channels, 2, 2, 2, 2);
        const string statistics = "saved.Mean saved.InverseDeviation parameters.RunningMean parameters.RunningVariance";
        const string gradients = "gradients.Gamma gradients.Beta";
        BatchNormParameters Parameters() => new(View(channels), View(channels), View(channels), View(channels));
        BatchNormSaved Saved() => new(View(channels), View(channels));
        BatchNormGradients Gradients() => new(View(channels), View(channels));
        DeviceView Input() => View(rows * channels);
        DeviceView Pooled() => View(shape.OutputLength);
        DeviceView Workspace() => View(BatchNorm.WorkspaceLength(rows, channels));
        DeviceView PoolWorkspace() => View(BatchNormMaxPool.WorkspaceLength(shape));
        var relu = Activation.Relu;
        yield return Case(
            typeof(BatchNorm), "ForwardTraining", $"output workspace {statistics}", rows, channels, Input(), Parameters(), 0.1f, 1e-5f, Input(), Saved(), relu,
            Workspace());
        yield return Case(
            typeof(BatchNorm), "ForwardEvaluation", "output workspace", rows, channels, Input(), Parameters(), 1e-5f, Input(), relu, Workspace());
        yield return Case(
            typeof(BatchNorm), "Backward", $"inputGradient workspace {gradients}", rows, channels, Input(), Input(), Parameters(), Saved(), Input(),
            Gradients(), relu, Workspace(), relu, false);
        yield return Case(
            typeof(BatchNorm), "BackwardEvaluation", "inputGradient workspace", rows, channels, Input(), Input(), Parameters(), 1e-5f, Input(), relu,
            Workspace(), relu, false);
        yield return Case(
            typeof(BatchNormMaxPool), "ForwardTraining", $"output workspace {statistics}", shape, Input(), Parameters(), 0.1f, 1e-5f, Pooled(), Saved(), relu,
            PoolWorkspace());
        yield return Case(
            typeof(BatchNormMaxPool), "ForwardEvaluation", "output workspace", shape, Input(), Parameters(), 1e-5f, Pooled(), relu, PoolWorkspace());
        yield return Case(
            typeof(BatchNormMaxPool), "Backward", $"inputGradient workspace {gradients}", shape, Input(), Pooled(), Parameters(), Saved(), Input(),
            Gradients(), relu, PoolWorkspace(), relu, false);
    }

    private IEnumerable<OperationCase> Elementwise()
    {
        const int words = 77;
        var shortcut = new ShortcutShape(2, 5, 4, 3, 6, 2);
        var state = StepStateLayout.Words;
        var relu = Activation.Relu;
        yield return Case(typeof(ActivationOps), "Forward", "output", relu, View(words), View(words));
        yield return Case(typeof(ActivationOps), "Backward", "inputGradient", relu, View(words), View(words), View(words));
        yield return Case(typeof(Dropout), "Forward", "output", 0.5f, 1UL, View(state), View(words), View(words));
        var shared = new DropoutShape(1, words, 1, DropoutUnit.Channel);
        yield return Case(typeof(Dropout), "ForwardShared", "output", shared, 0.5f, 1UL, View(state), View(words), View(words));
        yield return Case(
            typeof(Dropout), "BackwardShared", "inputGradient", shared, 0.5f, 1UL, View(state), View(words), View(words), relu, View(words), false);
        yield return Case(typeof(GradientClip), "Value", "gradients", View(1), View(state), 1f);
        yield return Case(typeof(Dropout), "Backward", "inputGradient", 0.5f, 1UL, View(state), View(words), View(words), relu, View(words), false);
        yield return Case(typeof(ResidualAdd), "Forward", "output", View(words), View(words), View(words), relu);
        yield return Case(
            typeof(ResidualAdd), "Forward", "output", shortcut, View(shortcut.OutputLength), View(shortcut.InputLength), View(shortcut.OutputLength), relu);
        yield return Case(
            typeof(ResidualAdd), "Backward", "gradientA gradientB", relu, View(words), View(words), View(words), View(words), false, false);
        yield return Case(
            typeof(ResidualAdd), "Backward", "gradientA gradientB", shortcut, relu, View(shortcut.OutputLength), View(shortcut.OutputLength),
            View(shortcut.OutputLength), View(shortcut.InputLength), false, false);
        yield return Case(typeof(PeakThroughput), "MultiplyAdds", "output", View(64), 1);
        yield return Case(typeof(PeakThroughput), "Copy", "target", View(4096), View(4096));
    }

    private IEnumerable<OperationCase> Losses()
    {
        const int batch = 6, classes = 5;
        DeviceView Values() => View(batch * classes);
        DeviceView Samples() => View(batch);
        DeviceView Counters() => View(MetricLayout.Words);
        yield return Case(
            typeof(SoftmaxCrossEntropy), "Run", "logitsGradient sampleLosses", batch, classes, Values(), Samples(), Values(), Samples(), 0.1f, View(classes));
        yield return Case(
            typeof(SoftmaxCrossEntropy), "RunAndCount", "logitsGradient sampleLosses metrics", batch, classes, Values(), Samples(), Values(), Samples(),
            Counters(), 2, 0.1f, View(classes));
        yield return Case(
            typeof(SoftmaxCrossEntropy), "RunMixed", "logitsGradient sampleLosses", batch, classes, Values(), Samples(), Samples(), Samples(), Values(),
            Samples(), 0.1f, View(classes));
        yield return Case(
            typeof(MeanSquaredError), "Run", "gradient sampleLosses", batch, classes, Values(), Values(), Values(), Samples(), Activation.Relu, 1f);
        yield return Case(typeof(BinaryCrossEntropy), "Run", "logitsGradient sampleLosses", batch, classes, Values(), Values(), Values(), Samples());
        yield return Case(typeof(Metrics), "Accumulate", "metrics", batch, classes, Values(), Samples(), Samples(), Counters(), 2);
        yield return Case(typeof(Metrics), "AccumulateLosses", "metrics", batch, Samples(), Counters());
        yield return Case(typeof(Metrics), "AccumulateBinary", "metrics", batch, classes, Values(), Values(), 0.5f, Samples(), Counters());
        yield return Case(typeof(Metrics), "Reset", "metrics", Counters());
        const int pixels = 7;
        DeviceView Logits() => View(batch * pixels * classes);
        DeviceView Labels() => View(batch * pixels);
        yield return Case(
            typeof(PixelLoss), "Run", "logitsGradient sampleLosses workspace", batch, pixels, classes, Logits(), Labels(), Logits(), Samples(),
            View(PixelLoss.WorkspaceLength(batch, pixels, classes)), new PixelLossTerms { CrossEntropy = 1, Dice = 1, Focal = 1 }, View(classes));
        yield return Case(
            typeof(PixelConfusion), "Accumulate", "counters", batch * pixels, classes, Logits(), Labels(), View(PixelConfusion.Words(classes)));
        yield return Case(typeof(AdversarialLoss), "HingeDiscriminator", "gradient sampleLosses", batch, Samples(), Samples(), Samples(), Samples());
        yield return Case(typeof(AdversarialLoss), "HingeGenerator", "gradient sampleLosses", batch, Samples(), Samples(), Samples());
        yield return Case(typeof(OneHot), "Run", "output", batch, pixels, classes, Samples(), classes + 2, 1, View(batch * pixels * (classes + 2)));
        const int latent = 5;
        var (noiseState, statistics) = (StepStateLayout.Words, 2 * batch * latent);
        yield return Case(typeof(GaussianNoise), "Fill", "output", 1UL, View(noiseState), View(latent));
        yield return Case(
            typeof(LatentSample), "Forward", "output divergence", batch, latent, 1UL, View(noiseState), View(statistics), View(statistics / 2), Samples(),
            true);
        yield return Case(
            typeof(LatentSample), "Backward", "statisticsGradient", batch, latent, 1UL, View(noiseState), View(statistics), 0.5f, View(statistics / 2),
            View(statistics));
        yield return Case(typeof(LatentSample), "AddDivergence", "sampleLosses", batch, 0.5f, Samples(), Samples());
        yield return Case(typeof(PixelConfusion), "Reset", "counters", classes, View(PixelConfusion.Words(classes)));
    }

    private IEnumerable<OperationCase> Steps()
    {
        var state = StepStateLayout.Words;
        var images = new BatchShape(3, 2, 4, 5, 3);
        DeviceView[] Gather() =>
        [
            View(images.DataWords), View(3), View(1), View(state), View(PixelNormalization.Words(3)), View(images.BatchLength), View(2),
        ];
        foreach (var augmentation in new[] { Augmentation.None, new Augmentation(true, 1, 7) })
        {
            yield return Case(
                typeof(BatchGather), "Run", "output outputLabels", [images, .. Gather().Cast<object>(), augmentation, default(AugmentationBuffers)]);
        }

        var buffers = new AugmentationBuffers
        {
            Transforms = View(2 * AugmentationBuffers.WordsPerSample),
            MixQuantiles = View(AugmentationBuffers.QuantileWords),
            SecondLabels = View(2),
            LabelWeights = View(2),
        };
        yield return Case(
            typeof(BatchGather), "Run", "output outputLabels buffers.Transforms buffers.SecondLabels buffers.LabelWeights",
            [images, .. Gather().Cast<object>(), new Augmentation(true, 1, 7) { Rotation = 10, Mixup = 1 }, buffers]);
        var masks = images with { Channels = 1 };
        yield return Case(
            typeof(MaskGather), "Run", "labels", masks, View(masks.DataWords), View(1), View(state), View(masks.BatchLength), new Augmentation(true, 1, 7),
            default(DeviceView));
        yield return Case(
            typeof(MaskGather), "Run", "labels", masks, View(masks.DataWords), View(1), View(state), View(masks.BatchLength),
            new Augmentation(true, 1, 7) { Rotation = 10 }, View(2 * AugmentationBuffers.WordsPerSample));
        yield return Case(typeof(RowGather), "Run", "output outputLabels", View(21), 7, View(3), View(1), View(state), View(14), View(2));
        yield return Case(typeof(StepTable), "Advance", "table stepState", View(StepTableLayout.Length(1)), View(state));
        yield return Case(typeof(LossScaling), "Scale", "gradient", View(33), View(LossScaleLayout.Words));
        yield return Case(
            typeof(LossScaling), "Update", "stepState lossScale norm workspace", View(1), View(state), View(LossScaleLayout.Words),
            View(GradientNormLayout.Words), View(GradientNorm.WorkspaceLength(1)));
        yield return Case(
            typeof(GradientNorm), "Run", "norm workspace", View(1), View(GradientNormLayout.Words), View(GradientNorm.WorkspaceLength(1)));
        yield return Case(
            typeof(GradientNorm), "Run", "norm workspace", View(1), View(state), 1f, View(GradientNormLayout.Words), View(GradientNorm.WorkspaceLength(1)));
        var arena = new ParameterArena();
        arena.Add("weight", 100);
        var table = new SegmentTable(device, arena);
        _owned.Add(table);
        var settings = OptimizerSettings.Adam() with { EmaDecay = 0.9 };
        yield return Case(
            typeof(FusedOptimizer), "Update", "parameters gradients state average", settings, table, View(arena.Length), View(arena.Length),
            View(settings.StateLength(arena.Length)), View(state), View(GradientNormLayout.Words), View(arena.Length));
        DeviceView Arena() => View(arena.Length);
        yield return Case(typeof(SoftThreshold), "Run", "parameters", table, Arena(), View(state));
        yield return Case(typeof(Lookahead), "Update", "parameters slow", 5, 0.5f, table, Arena(), Arena(), View(state), 0L);
        yield return Case(typeof(WeightAverage), "Update", "average", 0.9, table, Arena(), Arena(), View(state));
        yield return Case(typeof(WeightConstraints), "MaxNorm", "weights", 7, 5, View(35), 1f);
        yield return Case(
            typeof(WeightConstraints), "SpectralNorm", "weights state workspace", 7, 5, View(35), 1f, View(WeightConstraints.SpectralStateLength(7)),
            View(WeightConstraints.SpectralWorkspaceLength(7, 5)));
        yield return Case(typeof(WeightStandardization), "Forward", "output cleared", 7, 5, View(35), View(35), View(35));
        yield return Case(typeof(WeightStandardization), "Backward", "gradient", 7, 5, View(35), View(35), View(35));
        yield return Case(typeof(WeightStatistics), "Copy", "target", View(33), View(33));
        yield return Case(
            typeof(WeightStatistics), "Moments", "moments", table, Arena(), Arena(), Arena(), View(table.BlockCount * WeightStatistics.MomentWords));
        yield return Case(
            typeof(WeightStatistics), "Counts", "counts", table, Arena(), View(table.SegmentCount), View(table.BlockCount * WeightStatistics.Bins));
    }
}
