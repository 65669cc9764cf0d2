namespace Gpu.Kernels;

/// <summary>How a convolution is computed. All ways give the same sums up to roundings.</summary>
public enum Conv2dAlgorithm
{
    /// <summary>The one that is fastest for the shape.</summary>
    Auto,

    /// <summary>Multiply and add, tap by tap.</summary>
    Direct,

    /// <summary>Winograd's F(4x4, 3x3) wherever the shape permits it: 36 products instead of 144.</summary>
    Winograd,
}
