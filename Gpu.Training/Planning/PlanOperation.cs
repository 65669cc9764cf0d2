using Gpu.Kernels;

namespace Gpu.Training.Planning;

/// <summary>
/// An operation of a network: it reads values, writes one, and has a backward pass. A layer puts it into a <see cref="PlanBuilder"/>; the plan decides
/// what lies where, how long it is kept, and what is fused, by what the operation says about itself here.
/// </summary>
/// <param name="name">the layer's full name</param>
/// <param name="inputs">what it reads</param>
public abstract class PlanOperation(string name, params IReadOnlyList<PlanTensor> inputs)
{
    /// <summary>The layer's full name.</summary>
    public string Name { get; } = name;

    /// <summary>What it reads.</summary>
    public IReadOnlyList<PlanTensor> Inputs { get; } = inputs;

    /// <summary>What it writes.</summary>
    public PlanTensor Output { get; internal set; }

    /// <summary>The activation that the plan has fused into it: it must apply it to what it writes.</summary>
    public Activation Activation { get; internal set; } = Activation.None;

    /// <summary>Whether an activation can be fused into it.</summary>
    /// <param name="activation">the activation</param>
    /// <param name="training">whether there will be a backward pass</param>
    public virtual bool CanFuse(Activation activation, bool training) => false;

    /// <summary>
    /// The maximum pooling (of one sample) that the plan has fused into it, behind its activation: its output then are the pooled values, and what went into
    /// the pooling is nowhere. Null for none.
    /// </summary>
    public Pool2dShape? MaxPooling { get; internal set; }

    /// <summary>Whether maximum pooling can be fused into it, behind its activation; only asked where <see cref="AppliesActivationDerivative"/>.</summary>
    /// <param name="pooling">its sizes</param>
    public virtual bool CanFuse(Pool2dShape pooling) => false;

    /// <summary>
    /// True when its backward pass takes the gradient with respect to the activated output and multiplies by the activation's derivative itself.
    /// Otherwise it gets the gradient with respect to what went into the activation.
    /// </summary>
    public virtual bool AppliesActivationDerivative => false;

    /// <summary>True when it has parameters that get gradients.</summary>
    public virtual bool HasParameters => false;

    /// <summary>True when its backward pass reads the values of its inputs.</summary>
    public virtual bool BackwardReadsInputs => false;

    /// <summary>True when its backward pass reads the value of its output (besides for a gate, which the plan knows about).</summary>
    public virtual bool BackwardReadsOutput => false;

    /// <summary>True when its backward pass can multiply the gradient of an input by the derivative of the activation that gave that input.</summary>
    public virtual bool CanGate => false;

    /// <summary>True when its backward pass can add to the gradient of an input instead of overwriting it.</summary>
    public virtual bool CanAccumulate => false;

    /// <summary>True when it may write its output over its first input.</summary>
    public virtual bool CanRunInPlace => false;

    /// <summary>
    /// True when what it writes over its input has the input's sign wherever a gradient comes back: the derivative of ReLU and its leaky kin, fused into
    /// what made the input, can then still be told.
    /// </summary>
    public virtual bool InPlaceKeepsSign => false;

    /// <summary>True when the gradient of its first input may be written over that of its output.</summary>
    public virtual bool CanRunBackwardInPlace => false;

    /// <summary>Words of scratch memory.</summary>
    /// <param name="batch">samples</param>
    /// <param name="training">whether there is a backward pass</param>
    public virtual int WorkspaceLength(int batch, bool training) => 0;

    /// <summary>Words, whatever the batch, that the forward pass leaves for the backward pass.</summary>
    public virtual int SavedLength => 0;

    /// <summary>Records the forward pass.</summary>
    public abstract void Forward(ForwardContext context);

    /// <summary>
    /// Records the backward pass: adds to the gradients of the parameters; writes (or adds to, where asked) the gradient of every input for which
    /// <see cref="BackwardContext.InputGradient"/> is not empty.
    /// </summary>
    public abstract void Backward(BackwardContext context);
}
