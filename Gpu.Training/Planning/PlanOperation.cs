using Gpu.Kernels;
using Gpu.Training.SourceCode;

namespace Gpu.Training.Planning;

/// <summary>
/// An operation of a plan: reads its inputs, writes one output, and has a backward pass. Layers add it with <see cref="PlanBuilder.Add"/>. Its properties
/// tell the plan what it may fuse, run in place, and discard before the backward pass.
/// </summary>
/// <param name="name">the full name of the layer</param>
/// <param name="inputs">the inputs</param>
public abstract class PlanOperation(string name, params IReadOnlyList<PlanTensor> inputs)
{
    /// <summary>The full name of the layer.</summary>
    public string Name { get; } = name;

    /// <summary>The inputs.</summary>
    public IReadOnlyList<PlanTensor> Inputs { get; } = inputs;

    /// <summary>The output; set by <see cref="PlanBuilder.Add"/>.</summary>
    public PlanTensor Output { get; internal set; }

    /// <summary>The activation that the plan fused into the operation, which must apply it to its output; <see cref="Activation.None"/> for none.</summary>
    public Activation Activation { get; internal set; } = Activation.None;

    /// <summary>Whether the operation can apply an activation to its output.</summary>
    /// <param name="activation">the activation</param>
    /// <param name="training">whether the plan has a backward pass</param>
    public virtual bool CanFuse(Activation activation, bool training) => false;

    /// <summary>
    /// The max pooling (for a batch of 1) that the plan fused into the operation, after its activation; null for none. The output then contains only the pooled
    /// values; the values before the pooling are not stored.
    /// </summary>
    public Pool2dShape? MaxPooling { get; internal set; }

    /// <summary>
    /// Whether the operation can max-pool its output after its activation. The plan asks only operations with <see cref="AppliesActivationDerivative"/>.
    /// </summary>
    /// <param name="pooling">the pooling, for a batch of 1</param>
    public virtual bool CanFuse(Pool2dShape pooling) => false;

    /// <summary>
    /// Whether the backward pass multiplies by the derivative of the fused activation itself. If true, it receives the gradient with respect to the output of
    /// the activation; otherwise with respect to its input.
    /// </summary>
    public virtual bool AppliesActivationDerivative => false;

    /// <summary>Whether the operation has trainable parameters.</summary>
    public virtual bool HasParameters => false;

    /// <summary>Whether the backward pass reads the inputs. Inputs needed only for a gate do not count.</summary>
    public virtual bool BackwardReadsInputs => false;

    /// <summary>Whether the backward pass reads the output. An output needed only as a gate by other operations does not count.</summary>
    public virtual bool BackwardReadsOutput => false;

    /// <summary>
    /// Whether the backward pass can multiply the gradient of an input by the derivative of the activation that produced the input (the gate of the
    /// input); see <see cref="Gpu.Kernels.Activation"/>.
    /// </summary>
    public virtual bool CanGate => false;

    /// <summary>Whether the backward pass can add to the gradient of an input instead of overwriting it.</summary>
    public virtual bool CanAccumulate => false;

    /// <summary>Whether the forward pass may write the output over the first input.</summary>
    public virtual bool CanRunInPlace => false;

    /// <summary>
    /// Whether an output written over the input has the sign of the input at all elements with a nonzero gradient. The derivative of a ReLU or leaky ReLU that
    /// produced the input can then be computed from the output.
    /// </summary>
    public virtual bool InPlaceKeepsSign => false;

    /// <summary>Whether the backward pass may write the gradient of the first input over that of the output.</summary>
    public virtual bool CanRunBackwardInPlace => false;

    /// <summary>Words of scratch memory that each pass needs.</summary>
    /// <param name="batch">samples in the batch</param>
    /// <param name="training">whether the plan has a backward pass</param>
    public virtual int WorkspaceLength(int batch, bool training) => 0;

    /// <summary>Words that the forward pass saves for the backward pass, besides inputs and output; independent of the batch size.</summary>
    public virtual int SavedLength => 0;

    /// <summary>Records the forward pass.</summary>
    public abstract void Forward(ForwardContext context);

    /// <summary>Writes the calls that <see cref="Forward"/> makes in evaluation as C#, for an exported class.</summary>
    /// <param name="code">receives the calls</param>
    /// <returns>false if the operation has no such form; a run with it can then not be exported as C#</returns>
    public virtual bool WriteForward(ForwardCode code) => false;

    /// <summary>
    /// Records the backward pass. It adds to the gradients of the parameters. It writes the gradient of each input whose
    /// <see cref="BackwardContext.InputGradient"/> is not empty, or adds to it if <see cref="BackwardContext.Accumulate"/>.
    /// </summary>
    public abstract void Backward(BackwardContext context);
}
