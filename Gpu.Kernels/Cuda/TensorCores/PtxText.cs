namespace Gpu.Kernels.Cuda.TensorCores;

/// <summary>
/// PTX that the units share. ILGPU keeps every operand that inline PTX writes in local memory; so the sums and fragments live in registers with names of our own (tc...),
/// which later statements know because all of a kernel is one function, and only integers are handed in.
/// </summary>
/// <remarks>
/// Registers: tcc = sums, four for each fragment of 16 x 8, row by row; tca = the first operand, four for each of four fragments; tcb = the second, two for each of four;
/// tcx, tcy = values on their way; tcp = addresses; tcs = where shared memory begins (ILGPU names the kernel's only allocation __shared_alloca0).
/// </remarks>
internal static class PtxText
{
    /// <summary>Declares the registers and clears the sums.</summary>
    public const string Begin =
        ".reg .b32 tcs;\n\t.reg .b32 tcp<4>;\n\t.reg .f32 tcx;\n\t.reg .f32 tcy;\n\t.reg .b32 tca<16>;\n\t.reg .b32 tcb<8>;\n\t.reg .f32 tcc<64>;\n\t"
        + "mov.u32 tcs, __shared_alloca0;\n\t"
        + "mov.f32 tcc0, 0f00000000; mov.f32 tcc1, 0f00000000; mov.f32 tcc2, 0f00000000; mov.f32 tcc3, 0f00000000; mov.f32 tcc4, 0f00000000; mov.f32 tcc5, 0f00000000; mov.f32 tcc6, 0f00000000; mov.f32 tcc7, 0f00000000;\n\t"
        + "mov.f32 tcc8, 0f00000000; mov.f32 tcc9, 0f00000000; mov.f32 tcc10, 0f00000000; mov.f32 tcc11, 0f00000000; mov.f32 tcc12, 0f00000000; mov.f32 tcc13, 0f00000000; mov.f32 tcc14, 0f00000000; mov.f32 tcc15, 0f00000000;\n\t"
        + "mov.f32 tcc16, 0f00000000; mov.f32 tcc17, 0f00000000; mov.f32 tcc18, 0f00000000; mov.f32 tcc19, 0f00000000; mov.f32 tcc20, 0f00000000; mov.f32 tcc21, 0f00000000; mov.f32 tcc22, 0f00000000; mov.f32 tcc23, 0f00000000;\n\t"
        + "mov.f32 tcc24, 0f00000000; mov.f32 tcc25, 0f00000000; mov.f32 tcc26, 0f00000000; mov.f32 tcc27, 0f00000000; mov.f32 tcc28, 0f00000000; mov.f32 tcc29, 0f00000000; mov.f32 tcc30, 0f00000000; mov.f32 tcc31, 0f00000000;\n\t"
        + "mov.f32 tcc32, 0f00000000; mov.f32 tcc33, 0f00000000; mov.f32 tcc34, 0f00000000; mov.f32 tcc35, 0f00000000; mov.f32 tcc36, 0f00000000; mov.f32 tcc37, 0f00000000; mov.f32 tcc38, 0f00000000; mov.f32 tcc39, 0f00000000;\n\t"
        + "mov.f32 tcc40, 0f00000000; mov.f32 tcc41, 0f00000000; mov.f32 tcc42, 0f00000000; mov.f32 tcc43, 0f00000000; mov.f32 tcc44, 0f00000000; mov.f32 tcc45, 0f00000000; mov.f32 tcc46, 0f00000000; mov.f32 tcc47, 0f00000000;\n\t"
        + "mov.f32 tcc48, 0f00000000; mov.f32 tcc49, 0f00000000; mov.f32 tcc50, 0f00000000; mov.f32 tcc51, 0f00000000; mov.f32 tcc52, 0f00000000; mov.f32 tcc53, 0f00000000; mov.f32 tcc54, 0f00000000; mov.f32 tcc55, 0f00000000;\n\t"
        + "mov.f32 tcc56, 0f00000000; mov.f32 tcc57, 0f00000000; mov.f32 tcc58, 0f00000000; mov.f32 tcc59, 0f00000000; mov.f32 tcc60, 0f00000000; mov.f32 tcc61, 0f00000000; mov.f32 tcc62, 0f00000000; mov.f32 tcc63, 0f00000000;";

    // The operands of the product of fragments (row, column).
    public const string P00 = " {tcc0, tcc1, tcc2, tcc3}, {tca0, tca1, tca2, tca3}, {tcb0, tcb1}, {tcc0, tcc1, tcc2, tcc3};\n\t";
    public const string P01 = " {tcc4, tcc5, tcc6, tcc7}, {tca0, tca1, tca2, tca3}, {tcb2, tcb3}, {tcc4, tcc5, tcc6, tcc7};\n\t";
    public const string P02 = " {tcc8, tcc9, tcc10, tcc11}, {tca0, tca1, tca2, tca3}, {tcb4, tcb5}, {tcc8, tcc9, tcc10, tcc11};\n\t";
    public const string P03 = " {tcc12, tcc13, tcc14, tcc15}, {tca0, tca1, tca2, tca3}, {tcb6, tcb7}, {tcc12, tcc13, tcc14, tcc15};\n\t";
    public const string P10 = " {tcc16, tcc17, tcc18, tcc19}, {tca4, tca5, tca6, tca7}, {tcb0, tcb1}, {tcc16, tcc17, tcc18, tcc19};\n\t";
    public const string P11 = " {tcc20, tcc21, tcc22, tcc23}, {tca4, tca5, tca6, tca7}, {tcb2, tcb3}, {tcc20, tcc21, tcc22, tcc23};\n\t";
    public const string P12 = " {tcc24, tcc25, tcc26, tcc27}, {tca4, tca5, tca6, tca7}, {tcb4, tcb5}, {tcc24, tcc25, tcc26, tcc27};\n\t";
    public const string P13 = " {tcc28, tcc29, tcc30, tcc31}, {tca4, tca5, tca6, tca7}, {tcb6, tcb7}, {tcc28, tcc29, tcc30, tcc31};\n\t";
    public const string P20 = " {tcc32, tcc33, tcc34, tcc35}, {tca8, tca9, tca10, tca11}, {tcb0, tcb1}, {tcc32, tcc33, tcc34, tcc35};\n\t";
    public const string P21 = " {tcc36, tcc37, tcc38, tcc39}, {tca8, tca9, tca10, tca11}, {tcb2, tcb3}, {tcc36, tcc37, tcc38, tcc39};\n\t";
    public const string P22 = " {tcc40, tcc41, tcc42, tcc43}, {tca8, tca9, tca10, tca11}, {tcb4, tcb5}, {tcc40, tcc41, tcc42, tcc43};\n\t";
    public const string P23 = " {tcc44, tcc45, tcc46, tcc47}, {tca8, tca9, tca10, tca11}, {tcb6, tcb7}, {tcc44, tcc45, tcc46, tcc47};\n\t";
    public const string P30 = " {tcc48, tcc49, tcc50, tcc51}, {tca12, tca13, tca14, tca15}, {tcb0, tcb1}, {tcc48, tcc49, tcc50, tcc51};\n\t";
    public const string P31 = " {tcc52, tcc53, tcc54, tcc55}, {tca12, tca13, tca14, tca15}, {tcb2, tcb3}, {tcc52, tcc53, tcc54, tcc55};\n\t";
    public const string P32 = " {tcc56, tcc57, tcc58, tcc59}, {tca12, tca13, tca14, tca15}, {tcb4, tcb5}, {tcc56, tcc57, tcc58, tcc59};\n\t";
    public const string P33 = " {tcc60, tcc61, tcc62, tcc63}, {tca12, tca13, tca14, tca15}, {tcb6, tcb7}, {tcc60, tcc61, tcc62, tcc63};\n\t";

    // Sixteen rows of sums to shared memory; %0 is the lane's place, in bytes, and 1280 are eight rows of 40 words.
    public const string Spill0 =
        "add.u32 tcp0, tcs, %0;"
        + " st.shared.v2.f32 [tcp0+0], {tcc0, tcc1}; st.shared.v2.f32 [tcp0+1280], {tcc2, tcc3};"
        + " st.shared.v2.f32 [tcp0+32], {tcc4, tcc5}; st.shared.v2.f32 [tcp0+1312], {tcc6, tcc7};"
        + " st.shared.v2.f32 [tcp0+64], {tcc8, tcc9}; st.shared.v2.f32 [tcp0+1344], {tcc10, tcc11};"
        + " st.shared.v2.f32 [tcp0+96], {tcc12, tcc13}; st.shared.v2.f32 [tcp0+1376], {tcc14, tcc15};";
    public const string Spill1 =
        "add.u32 tcp0, tcs, %0;"
        + " st.shared.v2.f32 [tcp0+0], {tcc16, tcc17}; st.shared.v2.f32 [tcp0+1280], {tcc18, tcc19};"
        + " st.shared.v2.f32 [tcp0+32], {tcc20, tcc21}; st.shared.v2.f32 [tcp0+1312], {tcc22, tcc23};"
        + " st.shared.v2.f32 [tcp0+64], {tcc24, tcc25}; st.shared.v2.f32 [tcp0+1344], {tcc26, tcc27};"
        + " st.shared.v2.f32 [tcp0+96], {tcc28, tcc29}; st.shared.v2.f32 [tcp0+1376], {tcc30, tcc31};";
    public const string Spill2 =
        "add.u32 tcp0, tcs, %0;"
        + " st.shared.v2.f32 [tcp0+0], {tcc32, tcc33}; st.shared.v2.f32 [tcp0+1280], {tcc34, tcc35};"
        + " st.shared.v2.f32 [tcp0+32], {tcc36, tcc37}; st.shared.v2.f32 [tcp0+1312], {tcc38, tcc39};"
        + " st.shared.v2.f32 [tcp0+64], {tcc40, tcc41}; st.shared.v2.f32 [tcp0+1344], {tcc42, tcc43};"
        + " st.shared.v2.f32 [tcp0+96], {tcc44, tcc45}; st.shared.v2.f32 [tcp0+1376], {tcc46, tcc47};";
    public const string Spill3 =
        "add.u32 tcp0, tcs, %0;"
        + " st.shared.v2.f32 [tcp0+0], {tcc48, tcc49}; st.shared.v2.f32 [tcp0+1280], {tcc50, tcc51};"
        + " st.shared.v2.f32 [tcp0+32], {tcc52, tcc53}; st.shared.v2.f32 [tcp0+1312], {tcc54, tcc55};"
        + " st.shared.v2.f32 [tcp0+64], {tcc56, tcc57}; st.shared.v2.f32 [tcp0+1344], {tcc58, tcc59};"
        + " st.shared.v2.f32 [tcp0+96], {tcc60, tcc61}; st.shared.v2.f32 [tcp0+1376], {tcc62, tcc63};";

    /// <summary>Four words; %0 is the place in shared memory and %2 the number of bytes that are not zero, %1 the address.</summary>
    public const string CopyFour = "add.u32 tcp0, tcs, %0; cp.async.cg.shared.global [tcp0], [%1], 16, %2;";

    /// <summary>One word.</summary>
    public const string CopyOne = "add.u32 tcp0, tcs, %0; cp.async.ca.shared.global [tcp0], [%1], 4, %2;";

    /// <summary>Ends a batch of copies.</summary>
    public const string Commit = "cp.async.commit_group;";

    /// <summary>Waits for all batches but the last 0, 1 or 2.</summary>
    public const string Wait0 = "cp.async.wait_group 0;", Wait1 = "cp.async.wait_group 1;", Wait2 = "cp.async.wait_group 2;";
}
