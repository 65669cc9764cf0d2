using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Peaks;

/// <summary>The matrix product that <see cref="TensorCorePeak{TUnit}"/> repeats, for one precision.</summary>
internal interface IPeakUnit
{
    /// <summary>The length of the sums (k): a product adds to 16 x 8 sums.</summary>
    static abstract int Depth { get; }

    /// <summary>A register of the first operand of a lane; every element is 1 + lane / 32.</summary>
    static abstract int First(int lane);

    /// <summary>A register of the second operand; every element is 2^-10.</summary>
    static abstract int Second { get; }

    /// <summary>Multiplies once for each of the sixteen accumulators.</summary>
    static abstract void Multiply();
}

/// <summary>TF32: operands are 32-bit floats whose low 13 bits are zero.</summary>
internal readonly struct Tf32Peak : IPeakUnit
{
    private const string M = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";

    private const string Products =
        M + PeakText.P0 + M + PeakText.P1 + M + PeakText.P2 + M + PeakText.P3 + M + PeakText.P4 + M + PeakText.P5 + M + PeakText.P6 + M + PeakText.P7
        + M + PeakText.P8 + M + PeakText.P9 + M + PeakText.P10 + M + PeakText.P11 + M + PeakText.P12 + M + PeakText.P13 + M + PeakText.P14 + M + PeakText.P15;

    /// <inheritdoc/>
    public static int Depth => 8;

    /// <inheritdoc/>
    public static int First(int lane) => 0x3F800000 + (lane << 18);

    /// <inheritdoc/>
    public static int Second => 0x3A800000;

    /// <inheritdoc/>
    public static void Multiply() => CudaAsm.Emit(Products);
}

/// <summary>FP16: operands are pairs of half-precision floats.</summary>
internal readonly struct Fp16Peak : IPeakUnit
{
    private const string M = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32";

    private const string Products =
        M + PeakText.P0 + M + PeakText.P1 + M + PeakText.P2 + M + PeakText.P3 + M + PeakText.P4 + M + PeakText.P5 + M + PeakText.P6 + M + PeakText.P7
        + M + PeakText.P8 + M + PeakText.P9 + M + PeakText.P10 + M + PeakText.P11 + M + PeakText.P12 + M + PeakText.P13 + M + PeakText.P14 + M + PeakText.P15;

    /// <inheritdoc/>
    public static int Depth => 16;

    /// <inheritdoc/>
    public static int First(int lane) => (0x3C00 + (lane << 5)) * 0x10001;

    /// <inheritdoc/>
    public static int Second => 0x14001400;

    /// <inheritdoc/>
    public static void Multiply() => CudaAsm.Emit(Products);
}
