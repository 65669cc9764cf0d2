using Gpu.Kernels;
using Gpu.Training.Initialization;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Layers;

/// <summary>
/// Batch normalization: y = f(gamma * (x - mean) / sqrt(variance + epsilon) + beta), with statistics for each channel and an optional activation f. The
/// shape does not change. Training uses the statistics of the batch, over all samples and pixels, and updates the running statistics. Evaluation uses the
/// running statistics, and so does training if gamma and beta are frozen. Parameters: gamma, beta, running_mean, running_variance, [channels] each.
/// Source: Ioffe and Szegedy, "Batch normalization", 2015.
/// </summary>
[LayerKind("batch-normalization", "batchnorm")]
public sealed class BatchNormLayer : Layer
{
    /// <summary>
    /// Weight of the batch in the running statistics, 0 to 1: new = (1 - momentum) * old + momentum * batch. The running variance uses the unbiased estimate,
    /// as in PyTorch.
    /// </summary>
    public float Momentum { get; init; } = 0.1f;

    /// <summary>Added to the variance for numerical stability; above 0.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>The activation f.</summary>
    public Activation Activation { get; init; } = Activation.None;

    /// <inheritdoc/>
    public override TensorShape InferShape(TensorShape input)
    {
        RequireRange("momentum", Momentum, 0, 1);
        if (!(Epsilon > 0) || !float.IsFinite(Epsilon))
            throw new ShapeException($"epsilon is {NumberText.Of(Epsilon)}, but must be above 0 and at most {NumberText.Largest}.");
        return input;
    }

    /// <inheritdoc/>
    public override IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input)
    {
        int[] shape = [input.Channels];
        yield return new("gamma", shape, input.Channels, input.Channels, Initializer.Ones, Decays: false);
        yield return new("beta", shape, input.Channels, input.Channels, Initializer.Zeros, Decays: false);
        yield return new("running_mean", shape, input.Channels, input.Channels, Initializer.Zeros, Decays: false, Trainable: false);
        yield return new("running_variance", shape, input.Channels, input.Channels, Initializer.Ones, Decays: false, Trainable: false);
    }

    /// <inheritdoc/>
    public override PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input)
    {
        var output = plan.TryFold(node, input) ? input
            : plan.Add(new Operation(node, Momentum, Epsilon, input, plan.IsFrozen(node)), node.Output);
        return plan.Activate(node.Name, output, Activation);
    }

    private sealed class Operation(LayerNode node, float momentum, float epsilon, PlanTensor input, bool isFrozen) : PlanOperation(node.Name, input)
    {
        private readonly string _gamma = node.Parameter("gamma").Name;
        private readonly string _beta = node.Parameter("beta").Name;
        private readonly string _mean = node.Parameter("running_mean").Name;
        private readonly string _variance = node.Parameter("running_variance").Name;

        private int Channels => node.Input.Channels;

        public override bool HasParameters => !isFrozen;

        public override bool BackwardReadsInputs => true;

        public override bool AppliesActivationDerivative => true;

        public override bool CanGate => true;

        public override bool CanAccumulate => true;

        public override bool CanRunBackwardInPlace => true;

        // Mean and inverse standard deviation of the batch.
        public override int SavedLength => isFrozen ? 0 : 2 * (int)ArenaLayout.Align(Channels);

        // The backward pass recomputes the input of the activation from x, so activations without DerivativeFromOutput can be fused too.
        public override bool CanFuse(Activation activation, bool training) => true;

        public override bool CanFuse(Pool2dShape pooling) => !isFrozen && BatchNormMaxPool.Fits(pooling);

        public override int WorkspaceLength(int batch, bool training) =>
            MaxPooling is { } pooling ? BatchNormMaxPool.WorkspaceLength(pooling with { Batch = batch }) : BatchNorm.WorkspaceLength(Rows(batch), Channels);

        public override void Forward(ForwardContext context)
        {
            var usesBatch = context.Training && !isFrozen;
            if (usesBatch && Rows(context.Batch) < 2)
            {
                throw new ModelException(
                    $"Layer '{Name}' (batch-normalization): a batch of 1 sample has no variance. Use a batch size that leaves no single sample for "
                    + "the last batch of an epoch.");
            }

            var (executor, input, parameters, output, rows) = (context.Executor, context.Input(0), Parameters(context), context.Output, Rows(context.Batch));
            if (MaxPooling is { } pooling)
            {
                var pooled = pooling with { Batch = context.Batch };
                if (context.Training)
                {
                    BatchNormMaxPool.ForwardTraining(
                        executor, pooled, input, parameters, momentum, epsilon, output, Saved(context), Activation, context.Workspace);
                }
                else
                    BatchNormMaxPool.ForwardEvaluation(executor, pooled, input, parameters, epsilon, output, Activation, context.Workspace);
            }
            else if (usesBatch)
            {
                BatchNorm.ForwardTraining(
                    executor, rows, Channels, input, parameters, momentum, epsilon, output, Saved(context), Activation, context.Workspace);
            }
            else
                BatchNorm.ForwardEvaluation(executor, rows, Channels, input, parameters, epsilon, output, Activation, context.Workspace);
        }

        public override bool WriteForward(ForwardCode code)
        {
            var parameters = $"new BatchNormParameters({string.Join(", ", new[] { _gamma, _beta, _mean, _variance }.Select(code.Parameter))})";
            if (MaxPooling is { } pooling)
            {
                var shape = code.Shape(pooling);
                code.Workspace($"BatchNormMaxPool.WorkspaceLength({shape})");
                code.Call(
                    "BatchNormMaxPool.ForwardEvaluation", shape, code.Input(0), parameters, ForwardCode.Literal(epsilon), code.Output, code.Activation,
                    code.WorkspaceView);
                return true;
            }

            var (rows, channels) = ($"batch * {ForwardCode.Literal(node.Input.Positions)}", ForwardCode.Literal(Channels));
            code.Workspace($"BatchNorm.WorkspaceLength({rows}, {channels})");
            code.Call(
                "BatchNorm.ForwardEvaluation", rows, channels, code.Input(0), parameters, ForwardCode.Literal(epsilon), code.Output, code.Activation,
                code.WorkspaceView);
            return true;
        }

        public override void Backward(BackwardContext context)
        {
            if (isFrozen)
            {
                BackwardFrozen(context);
                return;
            }

            var gradients = new BatchNormGradients(context.ParameterGradient(_gamma), context.ParameterGradient(_beta));
            if (MaxPooling is { } pooling)
            {
                BatchNormMaxPool.Backward(
                    context.Executor, pooling with { Batch = context.Batch }, context.Input(0), context.OutputGradient, Parameters(context), Saved(context),
                    context.InputGradient(0), gradients, Activation, context.Workspace, context.Gate(0), context.Accumulate(0));
                return;
            }

            // If no earlier layer has parameters, the input gradient is not needed. The kernel still writes it, so it overwrites the output gradient.
            var inputGradient = context.InputGradient(0).IsEmpty ? context.OutputGradient : context.InputGradient(0);
            BatchNorm.Backward(
                context.Executor, Rows(context.Batch), Channels, context.Input(0), context.OutputGradient, Parameters(context), Saved(context),
                inputGradient, gradients, Activation, context.Workspace, context.Gate(0), context.Accumulate(0));
        }

        private void BackwardFrozen(BackwardContext context)
        {
            if (context.InputGradient(0).IsEmpty) return;
            BatchNorm.BackwardEvaluation(
                context.Executor, Rows(context.Batch), Channels, context.Input(0), context.OutputGradient, Parameters(context), epsilon,
                context.InputGradient(0), Activation, context.Workspace, context.Gate(0), context.Accumulate(0));
        }

        private BatchNormParameters Parameters(ForwardContext context) =>
            new(context.Parameter(_gamma), context.Parameter(_beta), context.Parameter(_mean), context.Parameter(_variance));

        private BatchNormSaved Saved(ForwardContext context) => new(context.Saved.First(Channels), context.Saved.Slice(context.Saved.Length / 2, Channels));

        private int Rows(int batch) => checked(batch * node.Input.Positions);
    }
}
