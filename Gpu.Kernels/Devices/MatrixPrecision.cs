namespace Gpu.Kernels.Devices;

/// <summary>
/// The precision of matrix products and convolutions: the format to which factors are rounded just before they are multiplied. Memory (activations, weights,
/// gradients, optimizer state) and sums are 32-bit floats in every case.
/// </summary>
public enum MatrixPrecision
{
    /// <summary>32-bit floats, on every device. The reference.</summary>
    Fp32,

    /// <summary>TF32 on tensor cores: 8 bits of exponent, 10 bits of mantissa.</summary>
    Tf32,

    /// <summary>FP16 on tensor cores: 5 bits of exponent, 10 bits of mantissa. Training needs <see cref="LossScaling"/>.</summary>
    Fp16,
}
