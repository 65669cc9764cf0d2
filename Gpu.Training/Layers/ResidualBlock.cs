using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>The shortcut connection of a residual block, which bypasses its body.</summary>
public enum Shortcut
{
    /// <summary>The input itself. The body must not change the shape.</summary>
    Identity,

    /// <summary>
    /// Every stride-th pixel of the input, with zero channels added before and after its channels. No parameters.
    /// Source: option A of He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015.
    /// </summary>
    ZeroPadded,

    /// <summary>A 1x1 convolution with stride and without bias: option B of He et al.</summary>
    Projection,

    /// <summary><see cref="Projection"/>, followed by batch normalization.</summary>
    NormalizedProjection,
}

/// <summary>
/// Residual block: y = f(body(x) + shortcut(x)), with an activation f. The output shape is that of the body. A shortcut other than
/// <see cref="Shortcut.Identity"/> needs images on both sides, and a body that reduces height and width by the same integer stride.
/// Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015.
/// </summary>
[LayerKind("residual", "residual")]
public sealed class ResidualBlock : Layer
{
    /// <summary>Creates a block whose required properties are set by an object initializer.</summary>
    public ResidualBlock()
    {
    }

    /// <summary>Creates a block with the given body.</summary>
    [SetsRequiredMembers]
    public ResidualBlock(params IReadOnlyList<Layer> body) => Body = body;

    /// <summary>The layers that the shortcut bypasses, in order; at least one.</summary>
    public required IReadOnlyList<Layer> Body { get; init; }

    /// <summary>The shortcut connection.</summary>
    public Shortcut Shortcut { get; init; } = Shortcut.Identity;

    /// <summary>The activation f, applied to the sum.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        var output = SequenceBlock.InferAll(Body, input);
        Check(input, output);
        return output;
    }

    /// <inheritdoc/>
    public override LayerNode Resolve(NameScope names, TensorShape input)
    {
        var name = names.AssignName(this);
        var childNames = names.CreateChild(name, Body);
        var children = SequenceBlock.ResolveAll(childNames, Body, input, out var output);
        WithLayerName(name, () => Check(input, output));
        var shortcut = ShortcutLayers(input, output);
        children.AddRange(SequenceBlock.ResolveAll(childNames, shortcut, input, out _));
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
        {
            throw new ShapeException(
                $"its body makes {output} of {input}, which no stride of a shortcut can match. The body must reduce height and width by the same "
                + "integer stride.");
        }

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
        // The shortcut reads the input too, but is added after the body.
        PlanBuilder.AnnounceConsumer(input);
        var body = plan.EmitAll(node.Children.Take(Body.Count), input);
        if (plan.StochasticDepth(node.Name) is > 0 and var probability)
            body = plan.Add(new DropoutOperation($"{node.Name}.depth", probability, plan.SeedFor($"{node.Name}.depth"), body, DropoutUnit.Sample), body.Shape);
        // The shortcut is added after the body, so its backward pass runs first: it writes the gradient of the input, and the body adds to it.
        var shortcut = plan.EmitAll(node.Children.Skip(Body.Count), input);
        var stride = Shortcut == Shortcut.ZeroPadded ? StrideOf(node.Input, node.Output) : 1;
        var source = shortcut.Shape;
        var shape = new ShortcutShape(1, source.Height, source.Width, source.Channels, node.Output.Channels, stride);
        var output = plan.Add(new ResidualAddOperation(node.Name, shape, body, shortcut), node.Output);
        return plan.Activate(node.Name, output, Activation);
    }
}
