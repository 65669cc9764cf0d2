namespace Gpu.Kernels.Devices;

/// <summary>
/// How matrix products and convolutions multiply. Memory holds 32-bit floats in every case (activations, weights, gradients, optimizer state), and sums are 32-bit floats; what differs is
/// to what the factors are rounded just before they are multiplied.
/// </summary>
public enum MatrixPrecision
{
    /// <summary>32-bit floats: the reference, on every device.</summary>
    Fp32,

    /// <summary>TF32 tensor cores: 8 bits of exponent, 10 of mantissa.</summary>
    Tf32,

    /// <summary>FP16 tensor cores: 5 bits of exponent, 10 of mantissa; training needs loss scaling.</summary>
    Fp16,
}
