using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>The parameters and running statistics of a batch normalization, one word for each channel.</summary>
/// <param name="Gamma">the scale</param>
/// <param name="Beta">the shift</param>
/// <param name="RunningMean">the mean that evaluation uses; moved by a forward pass in training</param>
/// <param name="RunningVariance">the variance that evaluation uses; moved by a forward pass in training</param>
public readonly record struct BatchNormParameters(DeviceView Gamma, DeviceView Beta, DeviceView RunningMean, DeviceView RunningVariance)
{
    internal void Require(int channels)
    {
        Gamma.Require(channels, "gamma");
        Beta.Require(channels, "beta");
        RunningMean.Require(channels, "running mean");
        RunningVariance.Require(channels, "running variance");
    }
}

/// <summary>What a forward pass in training keeps for its backward pass, one word for each channel.</summary>
/// <param name="Mean">the batch's mean</param>
/// <param name="InverseDeviation">1 / sqrt(variance + epsilon)</param>
public readonly record struct BatchNormSaved(DeviceView Mean, DeviceView InverseDeviation)
{
    internal void Require(int channels)
    {
        Mean.Require(channels, "saved mean");
        InverseDeviation.Require(channels, "saved inverse deviation");
    }
}

/// <summary>The gradients of a batch normalization's parameters, one word for each channel; a backward pass adds to them.</summary>
/// <param name="Gamma">of the scale</param>
/// <param name="Beta">of the shift</param>
public readonly record struct BatchNormGradients(DeviceView Gamma, DeviceView Beta)
{
    internal void Require(int channels)
    {
        Gamma.Require(channels, "gradient of gamma");
        Beta.Require(channels, "gradient of beta");
    }
}
