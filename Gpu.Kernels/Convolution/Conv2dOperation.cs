using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Convolution.TensorCore;
using Gpu.Kernels.Devices;
using Gpu.Kernels.MatrixProducts;

namespace Gpu.Kernels.Convolution;

/// <summary>
/// The operands of a forward pass or of an input gradient. Both are the same sum, output[pixel, c] = sum over taps and k of input[moved pixel, k] * weights[tap, k, c];
/// for an input gradient the roles are swapped: <see cref="Input"/> is the gradient of the convolution's output, <see cref="Output"/> that of its input.
/// </summary>
internal readonly record struct Conv2dArguments
{
    /// <summary>The sizes of the convolution, whichever pass it is.</summary>
    public required Conv2dShape Shape { get; init; }

    /// <summary><see cref="Conv2dPass.Forward"/> or <see cref="Conv2dPass.InputGradient"/>.</summary>
    public required Conv2dPass Pass { get; init; }

    /// <summary>What is read: [n, h, w, c].</summary>
    public required DeviceView Input { get; init; }

    /// <summary>[kh, kw, c / groups, k].</summary>
    public required DeviceView Weights { get; init; }

    /// <summary>One word for each output channel; empty for none.</summary>
    public DeviceView Bias { get; init; }

    /// <summary>What is written: [n, h, w, c].</summary>
    public required DeviceView Output { get; init; }

    /// <summary>f of the sum; with <see cref="Gated"/> the gate instead.</summary>
    public Activation Activation { get; init; }

    /// <summary>Multiply by the activation's derivative at <see cref="Saved"/>, instead of applying the activation.</summary>
    public bool Gated { get; init; }

    /// <summary>The activated values that the gradient belongs to; read only when <see cref="Gated"/>.</summary>
    public DeviceView Saved { get; init; }

    /// <summary>Add to what the output holds.</summary>
    public bool Accumulate { get; init; }

    /// <summary>At least <see cref="Conv2dAlgorithms.WorkspaceLength"/> words.</summary>
    public required DeviceView Workspace { get; init; }

    /// <summary>Whether it is an input gradient.</summary>
    public bool IsBackward => Pass == Conv2dPass.InputGradient;

    /// <summary>Channels of a group that are summed over, with each tap.</summary>
    public int SummedPerGroup => IsBackward ? Shape.OutputPerGroup : Shape.InputPerGroup;

    /// <summary>Channels of a group that are computed.</summary>
    public int ComputedPerGroup => IsBackward ? Shape.InputPerGroup : Shape.OutputPerGroup;

    /// <summary>The same with a gate, unless that is the identity.</summary>
    /// <exception cref="ArgumentException">the gate's derivative needs more than its output</exception>
    public Conv2dArguments WithGate(Activation gate, DeviceView saved, bool accumulate)
    {
        if (gate.Kind == ActivationKind.Identity) return this with { Accumulate = accumulate };
        gate.RequireDerivativeFromOutput();
        return this with { Activation = gate, Gated = true, Saved = saved, Accumulate = accumulate };
    }
}

/// <summary>The operands of a weight gradient, which is added to what <see cref="WeightGradient"/> and <see cref="BiasGradient"/> hold.</summary>
internal readonly record struct Conv2dGradientArguments
{
    /// <summary>The sizes of the convolution.</summary>
    public required Conv2dShape Shape { get; init; }

    /// <summary>[n, h, w, c].</summary>
    public required DeviceView Input { get; init; }

    /// <summary>[n, oh, ow, k].</summary>
    public required DeviceView OutputGradient { get; init; }

    /// <summary>[kh, kw, c / groups, k].</summary>
    public required DeviceView WeightGradient { get; init; }

    /// <summary>[k]; empty for none.</summary>
    public DeviceView BiasGradient { get; init; }

    /// <summary>At least <see cref="Conv2dAlgorithms.WorkspaceLength"/> words.</summary>
    public required DeviceView Workspace { get; init; }

    /// <summary>Where a split puts its partial sums of the bias: behind those of the weights.</summary>
    public DeviceView BiasPartials => Workspace.Slice(Shape.WeightLength, Workspace.Length - Shape.WeightLength);
}

/// <summary>A forward pass or an input gradient, launched by the algorithm that <see cref="Conv2dAlgorithms.Choose"/> names.</summary>
internal readonly struct Conv2dOperation<TActivation>(Conv2dArguments arguments) : IOperation
    where TActivation : struct, IActivation
{
    public int Granularity => arguments.ComputedPerGroup;

    public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        switch (Conv2dAlgorithms.Choose(arguments.Shape, arguments.Pass, new Conv2dDevice(TBackend.IsGpu, launcher.Groups, launcher.TensorCores)))
        {
            case Conv2dAlgorithm.Winograd: WinogradConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            case Conv2dAlgorithm.MatrixProduct: MatrixProductLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            case Conv2dAlgorithm.ImplicitGemm: ImplicitGemmConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            case Conv2dAlgorithm.TensorCore: TensorCoreConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
            default: DirectConv2dLaunch.Launch<TBackend, TVector, TActivation>(launcher, arguments); break;
        }
    }
}

/// <summary>A weight gradient, launched by the algorithm that <see cref="Conv2dAlgorithms.Choose"/> names.</summary>
internal readonly struct Conv2dGradientOperation(Conv2dGradientArguments arguments) : IOperation
{
    public int Granularity => arguments.Shape.OutputPerGroup;

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
            default: DirectWeightGradientLaunch.Launch<TBackend, TVector>(launcher, arguments); break;
        }
    }
}
