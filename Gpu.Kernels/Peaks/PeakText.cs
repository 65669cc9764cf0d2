namespace Gpu.Kernels.Peaks;

/// <summary>
/// PTX of the kernels that measure tensor cores. Registers with names of our own, as in <see cref="Convolution.TensorCore.PtxText"/>: tpa and tpb hold the operands' fragments, tpc sixteen sums of
/// 16 x 8, four registers each.
/// </summary>
internal static class PeakText
{
    /// <summary>
    /// Declares the registers; %0 goes into all of the first operand and %1 into all of the second. Every sum begins with its number: sums that were alike might be computed
    /// once for all.
    /// </summary>
    public const string Begin =
        ".reg .b32 tpa<4>;\n\t.reg .b32 tpb<2>;\n\t.reg .f32 tpc<64>;\n\t"
        + "mov.b32 tpa0, %0; mov.b32 tpa1, %0; mov.b32 tpa2, %0; mov.b32 tpa3, %0; mov.b32 tpb0, %1; mov.b32 tpb1, %1;\n\t"
        + "mov.f32 tpc0, 0f00000000; mov.f32 tpc1, 0f00000000; mov.f32 tpc2, 0f00000000; mov.f32 tpc3, 0f00000000;\n\t"
        + "mov.f32 tpc4, 0f3F800000; mov.f32 tpc5, 0f3F800000; mov.f32 tpc6, 0f3F800000; mov.f32 tpc7, 0f3F800000;\n\t"
        + "mov.f32 tpc8, 0f40000000; mov.f32 tpc9, 0f40000000; mov.f32 tpc10, 0f40000000; mov.f32 tpc11, 0f40000000;\n\t"
        + "mov.f32 tpc12, 0f40400000; mov.f32 tpc13, 0f40400000; mov.f32 tpc14, 0f40400000; mov.f32 tpc15, 0f40400000;\n\t"
        + "mov.f32 tpc16, 0f40800000; mov.f32 tpc17, 0f40800000; mov.f32 tpc18, 0f40800000; mov.f32 tpc19, 0f40800000;\n\t"
        + "mov.f32 tpc20, 0f40A00000; mov.f32 tpc21, 0f40A00000; mov.f32 tpc22, 0f40A00000; mov.f32 tpc23, 0f40A00000;\n\t"
        + "mov.f32 tpc24, 0f40C00000; mov.f32 tpc25, 0f40C00000; mov.f32 tpc26, 0f40C00000; mov.f32 tpc27, 0f40C00000;\n\t"
        + "mov.f32 tpc28, 0f40E00000; mov.f32 tpc29, 0f40E00000; mov.f32 tpc30, 0f40E00000; mov.f32 tpc31, 0f40E00000;\n\t"
        + "mov.f32 tpc32, 0f41000000; mov.f32 tpc33, 0f41000000; mov.f32 tpc34, 0f41000000; mov.f32 tpc35, 0f41000000;\n\t"
        + "mov.f32 tpc36, 0f41100000; mov.f32 tpc37, 0f41100000; mov.f32 tpc38, 0f41100000; mov.f32 tpc39, 0f41100000;\n\t"
        + "mov.f32 tpc40, 0f41200000; mov.f32 tpc41, 0f41200000; mov.f32 tpc42, 0f41200000; mov.f32 tpc43, 0f41200000;\n\t"
        + "mov.f32 tpc44, 0f41300000; mov.f32 tpc45, 0f41300000; mov.f32 tpc46, 0f41300000; mov.f32 tpc47, 0f41300000;\n\t"
        + "mov.f32 tpc48, 0f41400000; mov.f32 tpc49, 0f41400000; mov.f32 tpc50, 0f41400000; mov.f32 tpc51, 0f41400000;\n\t"
        + "mov.f32 tpc52, 0f41500000; mov.f32 tpc53, 0f41500000; mov.f32 tpc54, 0f41500000; mov.f32 tpc55, 0f41500000;\n\t"
        + "mov.f32 tpc56, 0f41600000; mov.f32 tpc57, 0f41600000; mov.f32 tpc58, 0f41600000; mov.f32 tpc59, 0f41600000;\n\t"
        + "mov.f32 tpc60, 0f41700000; mov.f32 tpc61, 0f41700000; mov.f32 tpc62, 0f41700000; mov.f32 tpc63, 0f41700000;";

    // The operands of each sum's product.
    private const string Factors = "{tpa0, tpa1, tpa2, tpa3}, {tpb0, tpb1}, ";
    public const string P0 = " {tpc0, tpc1, tpc2, tpc3}, " + Factors + "{tpc0, tpc1, tpc2, tpc3};\n\t";
    public const string P1 = " {tpc4, tpc5, tpc6, tpc7}, " + Factors + "{tpc4, tpc5, tpc6, tpc7};\n\t";
    public const string P2 = " {tpc8, tpc9, tpc10, tpc11}, " + Factors + "{tpc8, tpc9, tpc10, tpc11};\n\t";
    public const string P3 = " {tpc12, tpc13, tpc14, tpc15}, " + Factors + "{tpc12, tpc13, tpc14, tpc15};\n\t";
    public const string P4 = " {tpc16, tpc17, tpc18, tpc19}, " + Factors + "{tpc16, tpc17, tpc18, tpc19};\n\t";
    public const string P5 = " {tpc20, tpc21, tpc22, tpc23}, " + Factors + "{tpc20, tpc21, tpc22, tpc23};\n\t";
    public const string P6 = " {tpc24, tpc25, tpc26, tpc27}, " + Factors + "{tpc24, tpc25, tpc26, tpc27};\n\t";
    public const string P7 = " {tpc28, tpc29, tpc30, tpc31}, " + Factors + "{tpc28, tpc29, tpc30, tpc31};\n\t";
    public const string P8 = " {tpc32, tpc33, tpc34, tpc35}, " + Factors + "{tpc32, tpc33, tpc34, tpc35};\n\t";
    public const string P9 = " {tpc36, tpc37, tpc38, tpc39}, " + Factors + "{tpc36, tpc37, tpc38, tpc39};\n\t";
    public const string P10 = " {tpc40, tpc41, tpc42, tpc43}, " + Factors + "{tpc40, tpc41, tpc42, tpc43};\n\t";
    public const string P11 = " {tpc44, tpc45, tpc46, tpc47}, " + Factors + "{tpc44, tpc45, tpc46, tpc47};\n\t";
    public const string P12 = " {tpc48, tpc49, tpc50, tpc51}, " + Factors + "{tpc48, tpc49, tpc50, tpc51};\n\t";
    public const string P13 = " {tpc52, tpc53, tpc54, tpc55}, " + Factors + "{tpc52, tpc53, tpc54, tpc55};\n\t";
    public const string P14 = " {tpc56, tpc57, tpc58, tpc59}, " + Factors + "{tpc56, tpc57, tpc58, tpc59};\n\t";
    public const string P15 = " {tpc60, tpc61, tpc62, tpc63}, " + Factors + "{tpc60, tpc61, tpc62, tpc63};\n\t";

    private const string Add = "add.f32 tpc0, tpc0, ";

    /// <summary>Adds all sums of the lane up and writes them to the address %0.</summary>
    public const string End =
        Add + "tpc1; " + Add + "tpc2; " + Add + "tpc3; " + Add + "tpc4; " + Add + "tpc5; " + Add + "tpc6; " + Add + "tpc7; " + Add + "tpc8; " + Add + "tpc9;\n\t"
        + Add + "tpc10; " + Add + "tpc11; " + Add + "tpc12; " + Add + "tpc13; " + Add + "tpc14; " + Add + "tpc15; " + Add + "tpc16; " + Add + "tpc17; " + Add + "tpc18;\n\t"
        + Add + "tpc19; " + Add + "tpc20; " + Add + "tpc21; " + Add + "tpc22; " + Add + "tpc23; " + Add + "tpc24; " + Add + "tpc25; " + Add + "tpc26; " + Add + "tpc27;\n\t"
        + Add + "tpc28; " + Add + "tpc29; " + Add + "tpc30; " + Add + "tpc31; " + Add + "tpc32; " + Add + "tpc33; " + Add + "tpc34; " + Add + "tpc35; " + Add + "tpc36;\n\t"
        + Add + "tpc37; " + Add + "tpc38; " + Add + "tpc39; " + Add + "tpc40; " + Add + "tpc41; " + Add + "tpc42; " + Add + "tpc43; " + Add + "tpc44; " + Add + "tpc45;\n\t"
        + Add + "tpc46; " + Add + "tpc47; " + Add + "tpc48; " + Add + "tpc49; " + Add + "tpc50; " + Add + "tpc51; " + Add + "tpc52; " + Add + "tpc53; " + Add + "tpc54;\n\t"
        + Add + "tpc55; " + Add + "tpc56; " + Add + "tpc57; " + Add + "tpc58; " + Add + "tpc59; " + Add + "tpc60; " + Add + "tpc61; " + Add + "tpc62; " + Add + "tpc63;\n\t"
        + "st.global.f32 [%0], tpc0;";
}
