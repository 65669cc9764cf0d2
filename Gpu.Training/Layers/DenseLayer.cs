using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>Dense (fully connected) layer: y = f(x W + b), [in] to [out]. Weights W [in, out], bias b [out].</summary>
[LayerKind("dense", "dense")]
public sealed class DenseLayer : Layer
{
    /// <summary>Creates a layer whose required properties are set by an object initializer.</summary>
    public DenseLayer()
    {
    }

    /// <summary>Creates a layer with the given number of outputs.</summary>
    [SetsRequiredMembers]
    public DenseLayer(int units) => Units = units;

    /// <summary>Number of outputs.</summary>
    public required int Units { get; init; }

    /// <summary>Whether the layer adds a bias to each output.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>The activation f.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <summary>The initializer of the weights.</summary>
    public Initializer Initializer { get; init; } = Initializer.Auto;

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        if (input.IsImage)
            throw new ShapeException($"its input is an image of {input}, but it needs features. Put a flatten or a global-average-pooling layer before it.");
        WeightInitializer.RefuseDirac(Initializer);
        RequireRange("units", Units, 1, ShapeLimits.MaxDimension);
        Conv2dShape.Dense(1, input.Length, Units).Validate();
        return TensorShape.Features(Units);
    }

    /// <inheritdoc/>
    public override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        var initializer = WeightInitializer.Choose(Initializer, Activation);
        yield return new("weight", [input.Length, Units], input.Length, Units, initializer, Decays: true);
        if (Bias) yield return new("bias", [Units], input.Length, Units, WeightInitializer.ForBias(Initializer), Decays: false);
    }

    /// <inheritdoc/>
    public override long CountMultiplyAdds(TensorShape input, TensorShape output) => (long)input.Length * Units;

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var output = plan.Add(new Operation(node, node.Input.Length, Units, input, plan.IsFrozen(node)), node.Output);
        return plan.Activate(node.Name, output, Activation);
    }

    private sealed class Operation(LayerNode node, int inputs, int outputs, PlanTensor input, bool isFrozen) : WeightedOperation(node, input, isFrozen)
    {
        public override int WorkspaceLength(int batch, bool training) => Dense.WorkspaceLength(batch, inputs, outputs);

        public override Conv2dShape? PackableShape(int batch) => Conv2dShape.Dense(batch, inputs, outputs);

        protected override void Forward(ForwardContext context, DeviceView weight, DeviceView bias) => Dense.Forward(
            context.Executor, context.Batch, inputs, outputs, context.Input(0), weight, bias, context.Output, Activation, context.Workspace);

        protected override void WriteForward(ForwardCode code, string weight, string bias)
        {
            var (ins, outs) = (ForwardCode.Literal(inputs), ForwardCode.Literal(outputs));
            code.Workspace($"Dense.WorkspaceLength(batch, {ins}, {outs})");
            code.Call("Dense.Forward", "batch", ins, outs, code.Input(0), weight, bias, code.Output, code.Activation, code.WorkspaceView);
        }

        protected override void BackwardWeights(
            BackwardContext context, DeviceView weight, DeviceView weightGradient, DeviceView biasGradient) => Dense.BackwardWeights(
            context.Executor, context.Batch, inputs, outputs, context.Input(0), context.OutputGradient, weightGradient, biasGradient, context.Workspace);

        protected override void BackwardData(BackwardContext context, DeviceView weight) => Dense.BackwardData(
            context.Executor, context.Batch, inputs, outputs, context.OutputGradient, weight, context.InputGradient(0), context.Workspace,
            context.Gate(0), context.Input(0), context.Accumulate(0));
    }
}
