using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// Operands of a forward pass or an input gradient. Both compute output[pixel, c] = sum over taps and channels k of input[pixel shifted by the tap, k] *
/// weights[tap, k, c]. For an input gradient, <see cref="Input"/> is the gradient with respect to the output of the convolution, and <see cref="Output"/> is
/// the gradient with respect to its input.
/// </summary>
internal readonly record struct Conv2dArguments
{
    /// <summary>The shape of the convolution, the same for all passes.</summary>
    public required Conv2dShape Shape { get; init; }

    /// <summary><see cref="Conv2dPass.Forward"/> or <see cref="Conv2dPass.InputGradient"/>.</summary>
    public required Conv2dPass Pass { get; init; }

    /// <summary>The tensor that is read [n, h, w, c].</summary>
    public required DeviceView Input { get; init; }

    /// <summary>Weights [kh, kw, c / groups, k].</summary>
    public required DeviceView Weights { get; init; }

    /// <summary>Weights that were packed before, for the algorithm that reads them; empty if the pass packs <see cref="Weights"/> itself.</summary>
    public DeviceView Packed { get; init; }

    /// <summary>Bias, one word for each channel of <see cref="Output"/>; empty if there is none.</summary>
    public DeviceView Bias { get; init; }

    /// <summary>The tensor that is written [n, h, w, c].</summary>
    public required DeviceView Output { get; init; }

    /// <summary>The activation that is applied to the sum. If <see cref="Gated"/>, the sum is multiplied by its derivative instead.</summary>
    public Activation Activation { get; init; }

    /// <summary>Multiply by the derivative of the activation at <see cref="Saved"/>, instead of applying the activation.</summary>
    public bool Gated { get; init; }

    /// <summary>The output of the activation, at which the derivative is taken; read only if <see cref="Gated"/>.</summary>
    public DeviceView Saved { get; init; }

    /// <summary>Add to the output, instead of replacing it.</summary>
    public bool Accumulate { get; init; }

    /// <summary>Workspace of at least <see cref="Conv2dAlgorithms.WorkspaceLength"/> words.</summary>
    public required DeviceView Workspace { get; init; }

    /// <summary>Whether the pass is an input gradient.</summary>
    public bool IsBackward => Pass == Conv2dPass.InputGradient;

    /// <summary>Channels of <see cref="Input"/> in a group, which are summed over.</summary>
    public int SummedPerGroup => IsBackward ? Shape.OutputPerGroup : Shape.InputPerGroup;

    /// <summary>Channels of <see cref="Output"/> in a group, which are computed.</summary>
    public int ComputedPerGroup => IsBackward ? Shape.InputPerGroup : Shape.OutputPerGroup;

    /// <summary>Returns a copy with a gate. The identity is no gate.</summary>
    /// <exception cref="ArgumentException">the derivative of the gate cannot be computed from its output</exception>
    public Conv2dArguments WithGate(Activation gate, DeviceView saved, bool accumulate)
    {
        if (gate.Kind == ActivationKind.Identity) return this with { Accumulate = accumulate };
        gate.RequireDerivativeFromOutput();
        return this with { Activation = gate, Gated = true, Saved = saved, Accumulate = accumulate };
    }
}

/// <summary>Operands of a weight gradient. The result is added to <see cref="WeightGradient"/> and <see cref="BiasGradient"/>.</summary>
internal readonly record struct Conv2dGradientArguments
{
    /// <summary>The shape of the convolution.</summary>
    public required Conv2dShape Shape { get; init; }

    /// <summary>Input of the forward pass [n, h, w, c].</summary>
    public required DeviceView Input { get; init; }

    /// <summary>Gradient with respect to the output [n, oh, ow, k].</summary>
    public required DeviceView OutputGradient { get; init; }

    /// <summary>Weight gradient [kh, kw, c / groups, k].</summary>
    public required DeviceView WeightGradient { get; init; }

    /// <summary>Bias gradient [k]; empty if there is no bias.</summary>
    public DeviceView BiasGradient { get; init; }

    /// <summary>Workspace of at least <see cref="Conv2dAlgorithms.WorkspaceLength"/> words.</summary>
    public required DeviceView Workspace { get; init; }

    /// <summary>The partial sums of the bias gradient. In each split they follow those of the weight gradient.</summary>
    public DeviceView BiasPartials => Workspace.Slice(Shape.WeightLength, Workspace.Length - Shape.WeightLength);
}

/// <summary>
/// Launches a forward pass or an input gradient with the algorithm of <see cref="Conv2dAlgorithms.Choose"/>, or of <see cref="Conv2dAlgorithms.ChoosePacked"/>
/// if the weights are packed.
/// </summary>
internal readonly struct Conv2dOperation<TActivation>(Conv2dArguments arguments) : IOperation
    where TActivation : struct, IActivation
{
    public int Granularity => Conv2dAlgorithms.Granularity(arguments.Shape, arguments.ComputedPerGroup);

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        var device = new Conv2dDevice(TBackend.IsGpu, launcher.Groups, launcher.TensorCores);
        switch (arguments.Packed.IsEmpty ? Conv2dAlgorithms.Choose(arguments.Shape, arguments.Pass, device) : Conv2dAlgorithms.ChoosePacked(arguments.Shape))
        {
            case Conv2dAlgorithm.Winograd: WinogradConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            case Conv2dAlgorithm.MatrixProduct: MatrixProductLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            case Conv2dAlgorithm.ImplicitGemm: ImplicitGemmConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            case Conv2dAlgorithm.TensorCore: TensorCoreConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            case Conv2dAlgorithm.Depthwise: DepthwiseConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            default: DirectConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
        }
    }
}

/// <summary>Launches a weight gradient with the algorithm of <see cref="Conv2dAlgorithms.Choose"/>.</summary>
internal readonly struct Conv2dGradientOperation(Conv2dGradientArguments arguments) : IOperation
{
    public int Granularity => Conv2dAlgorithms.Granularity(arguments.Shape, arguments.Shape.OutputPerGroup);

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        switch (Conv2dAlgorithms.Choose(arguments.Shape, Conv2dPass.WeightGradient, new Conv2dDevice(TBackend.IsGpu, launcher.Groups, launcher.TensorCores)))
        {
            case Conv2dAlgorithm.Winograd: WinogradWeightGradientLaunch.Launch<TBackend, TVector>(launcher, arguments); break;
            case Conv2dAlgorithm.MatrixProduct: MatrixProductLaunch.Launch<TBackend, TVector>(launcher, arguments); break;
            case Conv2dAlgorithm.ImplicitGemm: ImplicitGemmWeightGradientLaunch.Launch<TBackend, TVector>(launcher, arguments); break;
            case Conv2dAlgorithm.TensorCore: TensorCoreWeightGradientLaunch.Launch<TBackend, TVector>(launcher, arguments); break;
            case Conv2dAlgorithm.Depthwise: DepthwiseWeightGradientLaunch.Launch<TBackend, TVector>(launcher, arguments); break;
            default: DirectWeightGradientLaunch.Launch<TBackend, TVector>(launcher, arguments); break;
        }
    }
}
