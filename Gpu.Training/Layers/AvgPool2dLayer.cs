using System.Diagnostics.CodeAnalysis;
using Gpu.Kernels;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>The mean of each window, channel by channel.</summary>
[LayerKind("average-pooling", "avgpool")]
public sealed class AvgPool2dLayer : Layer
{
    /// <summary>A layer whose properties are set afterwards.</summary>
    public AvgPool2dLayer()
    {
    }

    /// <summary>Windows that lie side by side.</summary>
    [SetsRequiredMembers]
    public AvgPool2dLayer(Extent window) => Window = window;

    /// <summary>Rows and columns of the window.</summary>
    public required Extent Window { get; init; }

    /// <summary>Steps between two windows; null: the window's size, so that windows lie side by side.</summary>
    public Extent? Stride { get; init; }

    /// <summary>Rows and columns around the image.</summary>
    public Padding Padding { get; init; } = Padding.Valid;

    /// <summary>Whether the padding counts in the mean (as zeros).</summary>
    public bool CountPadding { get; init; }
    private SlidingWindow Sliding => new(Window, Stride ?? Window, 1, Padding);

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireImage(input);
        var output = Sliding.OutputOf(input, "window");
        var padding = Sliding.PaddingFor(input);
        if (Math.Max(padding.Top, padding.Bottom) >= Window.Height || Math.Max(padding.Left, padding.Right) >= Window.Width)
            throw new Models.ShapeException($"padding is {padding}, but must be smaller than the window {Window}, or a window would hold nothing. Use "
                + "less padding.");
        return TensorShape.Image(output.Height, output.Width, input.Channels);
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var stride = Stride ?? Window;
        var padding = Sliding.PaddingFor(node.Input);
        var shape = new Pool2dShape(
            1, node.Input.Height, node.Input.Width, node.Input.Channels, Window.Height, Window.Width, stride.Height, stride.Width,
            padding.Top, padding.Left, padding.Bottom, padding.Right, CountPadding);
        return plan.Add(new Operation(node.Name, shape, input), node.Output);
    }

    private sealed class Operation(string name, Pool2dShape sample, PlanTensor input) : PlanOperation(name, input)
    {
        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override void Forward(ForwardContext context) =>
            AvgPool2d.Forward(context.Executor, sample with { Batch = context.Batch }, context.Input(0), context.Output);

        public override void Backward(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            AvgPool2d.Backward(
                context.Executor, sample with { Batch = context.Batch }, context.OutputGradient, context.InputGradient(0),
                context.Gate(0), context.Input(0), context.Accumulate(0));
        }
    }
}
