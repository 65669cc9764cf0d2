using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>The parameters and running statistics of a batch normalization, one word per channel each.</summary>
/// <param name="Gamma">the scale</param>
/// <param name="Beta">the shift</param>
/// <param name="RunningMean">the mean for evaluation; updated by the forward pass in training</param>
/// <param name="RunningVariance">the variance for evaluation; updated by the forward pass in training</param>
public readonly record struct BatchNormParameters(DeviceView Gamma, DeviceView Beta, DeviceView RunningMean, DeviceView RunningVariance)
{
    internal void Require(int channels)
    {
        Gamma.Require(channels, "gamma");
        Beta.Require(channels, "beta");
        RunningMean.Require(channels, "running mean");
        RunningVariance.Require(channels, "running variance");
    }

    internal Operand[] Weights => [new(Gamma, "gamma"), new(Beta, "beta")];

    internal Operand[] Running => [new(RunningMean, "running mean"), new(RunningVariance, "running variance")];
}

/// <summary>The batch statistics that the forward pass in training saves for the backward pass, one word per channel each.</summary>
/// <param name="Mean">the mean of the batch</param>
/// <param name="InverseDeviation">1 / sqrt(variance + epsilon) of the batch</param>
public readonly record struct BatchNormSaved(DeviceView Mean, DeviceView InverseDeviation)
{
    internal void Require(int channels)
    {
        Mean.Require(channels, "saved mean");
        InverseDeviation.Require(channels, "saved inverse deviation");
    }

    internal Operand[] Operands => [new(Mean, "saved mean"), new(InverseDeviation, "saved inverse deviation")];
}

/// <summary>The gradients of a batch normalization's parameters, one word per channel each. The backward pass adds to them.</summary>
/// <param name="Gamma">the gradient of the scale</param>
/// <param name="Beta">the gradient of the shift</param>
public readonly record struct BatchNormGradients(DeviceView Gamma, DeviceView Beta)
{
    internal void Require(int channels)
    {
        Gamma.Require(channels, "gradient of gamma");
        Beta.Require(channels, "gradient of beta");
    }

    internal Operand[] Operands => [new(Gamma, "gradient of gamma"), new(Beta, "gradient of beta")];
}
