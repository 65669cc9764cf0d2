using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>What leads past the body of a residual block.</summary>
public enum Shortcut
{
    /// <summary>The input itself; the body must not change the shape.</summary>
    Identity,

    /// <summary>
    /// Every stride-th pixel, with channels of zeros added on both sides: "option A" of He et al., "Deep residual learning", 2015. No parameters.
    /// </summary>
    ZeroPadded,

    /// <summary>A 1x1 convolution with a stride, without bias: "option B" of He et al.</summary>
    Projection,

    /// <summary>As <see cref="Projection"/>, followed by batch normalisation.</summary>
    NormalizedProjection,
}

/// <summary>activation(body(x) + shortcut(x)).</summary>
[LayerKind("residual", "residual")]
public sealed class ResidualBlock : Layer
{
    /// <summary>A block whose properties are set afterwards.</summary>
    public ResidualBlock()
    {
    }

    /// <summary>A block around these layers.</summary>
    [SetsRequiredMembers]
    public ResidualBlock(params IReadOnlyList<Layer> body) => Body = body;

    /// <summary>The layers that the shortcut leads past.</summary>
    public required IReadOnlyList<Layer> Body { get; init; }

    /// <summary>What leads past them.</summary>
    public Shortcut Shortcut { get; init; } = Shortcut.Identity;

    /// <summary>Applied to the sum.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        var output = Body.Aggregate(input, (shape, layer) => layer.InferShape(shape));
        Check(input, output);
        return output;
    }

    /// <inheritdoc/>
    public override LayerNode Resolve(NameScope names, TensorShape input)
    {
        var name = names.Take(this);
        var within = names.Within(name, Body);
        var children = SequenceBlock.ResolveAll(within, Body, input, out var output);
        Named(name, () => Check(input, output));
        var shortcut = ShortcutLayers(input, output);
        children.AddRange(SequenceBlock.ResolveAll(within, shortcut, input, out _));
        return new LayerNode(this, name, input, output, [], children);
    }

    private List<Layer> ShortcutLayers(TensorShape input, TensorShape output)
    {
        if (Shortcut is not (Shortcut.Projection or Shortcut.NormalizedProjection)) return [];
        var layers = new List<Layer> { new Conv2dLayer(output.Channels, 1) { Name = "shortcut", Stride = StrideOf(input, output), Bias = false } };
        if (Shortcut == Shortcut.NormalizedProjection) layers.Add(new BatchNormLayer { Name = "shortcut_norm" });
        return layers;
    }

    private static int StrideOf(TensorShape input, TensorShape output) => (input.Height + output.Height - 1) / output.Height;

    private bool Check(TensorShape input, TensorShape output)
    {
        if (Body.Count == 0) throw new ShapeException("its body has no layers; at least one is needed.");
        if (Shortcut == Shortcut.Identity)
        {
            if (input == output) return true;
            throw new ShapeException(
                $"its body makes {output} of {input}, but an identity shortcut needs the same shape on both sides. Use padding \"same\" and the same "
                + "channels in the body, or another shortcut: zero-padded, projection.");
        }

        RequireImage(input);
        var stride = StrideOf(input, output);
        if (!output.IsImage || (input.Height - 1) / stride + 1 != output.Height || (input.Width - 1) / stride + 1 != output.Width)
            throw new ShapeException($"its body makes {output} of {input}, and no stride of a shortcut does that. The body may only shrink rows and "
                + "columns by one whole stride.");
        if (Shortcut == Shortcut.ZeroPadded && (output.Channels < input.Channels || (output.Channels - input.Channels) % 2 != 0))
        {
            throw new ShapeException(
                $"its body makes {output.Channels} channels of {input.Channels}, but a zero-padded shortcut adds the same number of channels on both "
                + "sides. Use an even number more, or a projection.");
        }

        return true;
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        PlanBuilder.Pin(input);
        var body = plan.EmitAll(node.Children.Take(Body.Count), input);
        // The shortcut comes after the body, so that in the backward pass it comes first: its gradient is written, that of the body is added.
        var shortcut = plan.EmitAll(node.Children.Skip(Body.Count), input);
        var stride = Shortcut == Shortcut.ZeroPadded ? StrideOf(node.Input, node.Output) : 1;
        var source = shortcut.Shape;
        var shape = new ShortcutShape(1, source.Height, source.Width, source.Channels, node.Output.Channels, stride);
        var output = plan.Add(new Operation(node.Name, shape, body, shortcut), node.Output);
        return plan.Activate(node.Name, output, Activation);
    }

    private sealed class Operation(string name, ShortcutShape sample, PlanTensor body, PlanTensor shortcut) : PlanOperation(name, body, shortcut)
    {
        public override bool AppliesOwnDerivative => true;

        public override bool KeepsOutput => Activation.Kind != ActivationKind.Identity;

        public override bool CanAccumulate => true;

        public override bool CanOverwriteInput => true;

        public override bool CanOverwriteGradient => true;

        public override bool CanFuse(Activation activation, bool training) => !training || activation.DerivativeFromOutput;

        public override void Forward(ForwardContext context) => ResidualAdd.Forward(
            context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Input(1), context.Output, Activation);

        public override void Backward(BackwardContext context)
        {
            var (toBody, toShortcut) = (context.InputGradient(0), context.InputGradient(1));
            if (toBody.IsEmpty)
            {
                // A body without parameters on the model's input: nothing upstream learns.
                if (toShortcut.IsEmpty) return;
                throw new InvalidOperationException($"the body of '{Name}' takes no gradient, but its shortcut does");
            }

            ResidualAdd.Backward(
                context.Executor, sample with { Batch = context.Batch }, Activation, context.Output, context.OutputGradient, toBody, toShortcut,
                context.Accumulate(0), context.Accumulate(1));
        }
    }
}
