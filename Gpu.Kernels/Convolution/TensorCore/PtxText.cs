namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// PTX that the units share. ILGPU keeps every operand that inline PTX writes in local memory; so the sums and fragments live in registers with names of our own (tc...),
/// which later statements know because all of a kernel is one function, and only integers are handed in. What a tile does not use, the driver's compiler leaves out.
/// </summary>
/// <remarks>
/// Registers: tcc = sums, four for each fragment of 16 x 8, eight fragments a row; tca = the first operand, four for each of four fragments; tcb = the second, two for each of eight;
/// tcg = what was fetched, four a slot; tct = totals; tcp and tcw = addresses; tcq = whether to fetch; tcs = where shared memory begins (ILGPU names the kernel's only allocation __shared_alloca0).
/// </remarks>
internal static class PtxText
{
    private const string Zero = ", 0f00000000; mov.f32 ";

    /// <summary>Declares the registers and clears sums and totals.</summary>
    public const string Begin =
        ".reg .b32 tcs;\n\t.reg .b32 tcp<4>;\n\t.reg .b64 tcw;\n\t.reg .b32 tca<16>;\n\t.reg .b32 tcb<16>;\n\t.reg .f32 tcc<128>;\n\t.reg .f32 tcg<96>;\n\t.reg .f32 tct<4>;\n\t.reg .pred %%tcq;\n\t"
        + "mov.u32 tcs, __shared_alloca0;\n\t"
        + "mov.f32 tcc0" + Zero + "tcc1" + Zero + "tcc2" + Zero + "tcc3" + Zero + "tcc4" + Zero + "tcc5" + Zero + "tcc6" + Zero + "tcc7" + Stop
        + "mov.f32 tcc8" + Zero + "tcc9" + Zero + "tcc10" + Zero + "tcc11" + Zero + "tcc12" + Zero + "tcc13" + Zero + "tcc14" + Zero + "tcc15" + Stop
        + "mov.f32 tcc16" + Zero + "tcc17" + Zero + "tcc18" + Zero + "tcc19" + Zero + "tcc20" + Zero + "tcc21" + Zero + "tcc22" + Zero + "tcc23" + Stop
        + "mov.f32 tcc24" + Zero + "tcc25" + Zero + "tcc26" + Zero + "tcc27" + Zero + "tcc28" + Zero + "tcc29" + Zero + "tcc30" + Zero + "tcc31" + Stop
        + "mov.f32 tcc32" + Zero + "tcc33" + Zero + "tcc34" + Zero + "tcc35" + Zero + "tcc36" + Zero + "tcc37" + Zero + "tcc38" + Zero + "tcc39" + Stop
        + "mov.f32 tcc40" + Zero + "tcc41" + Zero + "tcc42" + Zero + "tcc43" + Zero + "tcc44" + Zero + "tcc45" + Zero + "tcc46" + Zero + "tcc47" + Stop
        + "mov.f32 tcc48" + Zero + "tcc49" + Zero + "tcc50" + Zero + "tcc51" + Zero + "tcc52" + Zero + "tcc53" + Zero + "tcc54" + Zero + "tcc55" + Stop
        + "mov.f32 tcc56" + Zero + "tcc57" + Zero + "tcc58" + Zero + "tcc59" + Zero + "tcc60" + Zero + "tcc61" + Zero + "tcc62" + Zero + "tcc63" + Stop
        + "mov.f32 tcc64" + Zero + "tcc65" + Zero + "tcc66" + Zero + "tcc67" + Zero + "tcc68" + Zero + "tcc69" + Zero + "tcc70" + Zero + "tcc71" + Stop
        + "mov.f32 tcc72" + Zero + "tcc73" + Zero + "tcc74" + Zero + "tcc75" + Zero + "tcc76" + Zero + "tcc77" + Zero + "tcc78" + Zero + "tcc79" + Stop
        + "mov.f32 tcc80" + Zero + "tcc81" + Zero + "tcc82" + Zero + "tcc83" + Zero + "tcc84" + Zero + "tcc85" + Zero + "tcc86" + Zero + "tcc87" + Stop
        + "mov.f32 tcc88" + Zero + "tcc89" + Zero + "tcc90" + Zero + "tcc91" + Zero + "tcc92" + Zero + "tcc93" + Zero + "tcc94" + Zero + "tcc95" + Stop
        + "mov.f32 tcc96" + Zero + "tcc97" + Zero + "tcc98" + Zero + "tcc99" + Zero + "tcc100" + Zero + "tcc101" + Zero + "tcc102" + Zero + "tcc103" + Stop
        + "mov.f32 tcc104" + Zero + "tcc105" + Zero + "tcc106" + Zero + "tcc107" + Zero + "tcc108" + Zero + "tcc109" + Zero + "tcc110" + Zero + "tcc111" + Stop
        + "mov.f32 tcc112" + Zero + "tcc113" + Zero + "tcc114" + Zero + "tcc115" + Zero + "tcc116" + Zero + "tcc117" + Zero + "tcc118" + Zero + "tcc119" + Stop
        + "mov.f32 tcc120" + Zero + "tcc121" + Zero + "tcc122" + Zero + "tcc123" + Zero + "tcc124" + Zero + "tcc125" + Zero + "tcc126" + Zero + "tcc127" + Stop
        + "mov.f32 tct0" + Zero + "tct1" + Zero + "tct2" + Zero + "tct3, 0f00000000;";

    private const string Stop = ", 0f00000000;\n\t";

    // The operands of the product of fragments (row, column).
    public const string P00 = " {tcc0, tcc1, tcc2, tcc3}, {tca0, tca1, tca2, tca3}, {tcb0, tcb1}, {tcc0, tcc1, tcc2, tcc3};\n\t";
    public const string P01 = " {tcc4, tcc5, tcc6, tcc7}, {tca0, tca1, tca2, tca3}, {tcb2, tcb3}, {tcc4, tcc5, tcc6, tcc7};\n\t";
    public const string P02 = " {tcc8, tcc9, tcc10, tcc11}, {tca0, tca1, tca2, tca3}, {tcb4, tcb5}, {tcc8, tcc9, tcc10, tcc11};\n\t";
    public const string P03 = " {tcc12, tcc13, tcc14, tcc15}, {tca0, tca1, tca2, tca3}, {tcb6, tcb7}, {tcc12, tcc13, tcc14, tcc15};\n\t";
    public const string P04 = " {tcc16, tcc17, tcc18, tcc19}, {tca0, tca1, tca2, tca3}, {tcb8, tcb9}, {tcc16, tcc17, tcc18, tcc19};\n\t";
    public const string P05 = " {tcc20, tcc21, tcc22, tcc23}, {tca0, tca1, tca2, tca3}, {tcb10, tcb11}, {tcc20, tcc21, tcc22, tcc23};\n\t";
    public const string P06 = " {tcc24, tcc25, tcc26, tcc27}, {tca0, tca1, tca2, tca3}, {tcb12, tcb13}, {tcc24, tcc25, tcc26, tcc27};\n\t";
    public const string P07 = " {tcc28, tcc29, tcc30, tcc31}, {tca0, tca1, tca2, tca3}, {tcb14, tcb15}, {tcc28, tcc29, tcc30, tcc31};\n\t";
    public const string P10 = " {tcc32, tcc33, tcc34, tcc35}, {tca4, tca5, tca6, tca7}, {tcb0, tcb1}, {tcc32, tcc33, tcc34, tcc35};\n\t";
    public const string P11 = " {tcc36, tcc37, tcc38, tcc39}, {tca4, tca5, tca6, tca7}, {tcb2, tcb3}, {tcc36, tcc37, tcc38, tcc39};\n\t";
    public const string P12 = " {tcc40, tcc41, tcc42, tcc43}, {tca4, tca5, tca6, tca7}, {tcb4, tcb5}, {tcc40, tcc41, tcc42, tcc43};\n\t";
    public const string P13 = " {tcc44, tcc45, tcc46, tcc47}, {tca4, tca5, tca6, tca7}, {tcb6, tcb7}, {tcc44, tcc45, tcc46, tcc47};\n\t";
    public const string P14 = " {tcc48, tcc49, tcc50, tcc51}, {tca4, tca5, tca6, tca7}, {tcb8, tcb9}, {tcc48, tcc49, tcc50, tcc51};\n\t";
    public const string P15 = " {tcc52, tcc53, tcc54, tcc55}, {tca4, tca5, tca6, tca7}, {tcb10, tcb11}, {tcc52, tcc53, tcc54, tcc55};\n\t";
    public const string P16 = " {tcc56, tcc57, tcc58, tcc59}, {tca4, tca5, tca6, tca7}, {tcb12, tcb13}, {tcc56, tcc57, tcc58, tcc59};\n\t";
    public const string P17 = " {tcc60, tcc61, tcc62, tcc63}, {tca4, tca5, tca6, tca7}, {tcb14, tcb15}, {tcc60, tcc61, tcc62, tcc63};\n\t";
    public const string P20 = " {tcc64, tcc65, tcc66, tcc67}, {tca8, tca9, tca10, tca11}, {tcb0, tcb1}, {tcc64, tcc65, tcc66, tcc67};\n\t";
    public const string P21 = " {tcc68, tcc69, tcc70, tcc71}, {tca8, tca9, tca10, tca11}, {tcb2, tcb3}, {tcc68, tcc69, tcc70, tcc71};\n\t";
    public const string P22 = " {tcc72, tcc73, tcc74, tcc75}, {tca8, tca9, tca10, tca11}, {tcb4, tcb5}, {tcc72, tcc73, tcc74, tcc75};\n\t";
    public const string P23 = " {tcc76, tcc77, tcc78, tcc79}, {tca8, tca9, tca10, tca11}, {tcb6, tcb7}, {tcc76, tcc77, tcc78, tcc79};\n\t";
    public const string P24 = " {tcc80, tcc81, tcc82, tcc83}, {tca8, tca9, tca10, tca11}, {tcb8, tcb9}, {tcc80, tcc81, tcc82, tcc83};\n\t";
    public const string P25 = " {tcc84, tcc85, tcc86, tcc87}, {tca8, tca9, tca10, tca11}, {tcb10, tcb11}, {tcc84, tcc85, tcc86, tcc87};\n\t";
    public const string P26 = " {tcc88, tcc89, tcc90, tcc91}, {tca8, tca9, tca10, tca11}, {tcb12, tcb13}, {tcc88, tcc89, tcc90, tcc91};\n\t";
    public const string P27 = " {tcc92, tcc93, tcc94, tcc95}, {tca8, tca9, tca10, tca11}, {tcb14, tcb15}, {tcc92, tcc93, tcc94, tcc95};\n\t";
    public const string P30 = " {tcc96, tcc97, tcc98, tcc99}, {tca12, tca13, tca14, tca15}, {tcb0, tcb1}, {tcc96, tcc97, tcc98, tcc99};\n\t";
    public const string P31 = " {tcc100, tcc101, tcc102, tcc103}, {tca12, tca13, tca14, tca15}, {tcb2, tcb3}, {tcc100, tcc101, tcc102, tcc103};\n\t";
    public const string P32 = " {tcc104, tcc105, tcc106, tcc107}, {tca12, tca13, tca14, tca15}, {tcb4, tcb5}, {tcc104, tcc105, tcc106, tcc107};\n\t";
    public const string P33 = " {tcc108, tcc109, tcc110, tcc111}, {tca12, tca13, tca14, tca15}, {tcb6, tcb7}, {tcc108, tcc109, tcc110, tcc111};\n\t";
    public const string P34 = " {tcc112, tcc113, tcc114, tcc115}, {tca12, tca13, tca14, tca15}, {tcb8, tcb9}, {tcc112, tcc113, tcc114, tcc115};\n\t";
    public const string P35 = " {tcc116, tcc117, tcc118, tcc119}, {tca12, tca13, tca14, tca15}, {tcb10, tcb11}, {tcc116, tcc117, tcc118, tcc119};\n\t";
    public const string P36 = " {tcc120, tcc121, tcc122, tcc123}, {tca12, tca13, tca14, tca15}, {tcb12, tcb13}, {tcc120, tcc121, tcc122, tcc123};\n\t";
    public const string P37 = " {tcc124, tcc125, tcc126, tcc127}, {tca12, tca13, tca14, tca15}, {tcb14, tcb15}, {tcc124, tcc125, tcc126, tcc127};\n\t";

    // Sixteen rows of sums to shared memory; %0 is the lane's place, in bytes. Eight rows are 1280 bytes with 32 columns, 2304 with 64.
    private const string Here = "add.u32 tcp0, tcs, %0;";
    public const string NarrowSpill0 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc0, tcc1}; st.shared.v2.f32 [tcp0+1280], {tcc2, tcc3}; st.shared.v2.f32 [tcp0+32], {tcc4, tcc5}; st.shared.v2.f32 [tcp0+1312], {tcc6, tcc7};"
        + " st.shared.v2.f32 [tcp0+64], {tcc8, tcc9}; st.shared.v2.f32 [tcp0+1344], {tcc10, tcc11}; st.shared.v2.f32 [tcp0+96], {tcc12, tcc13}; st.shared.v2.f32 [tcp0+1376], {tcc14, tcc15};";
    public const string NarrowSpill1 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc32, tcc33}; st.shared.v2.f32 [tcp0+1280], {tcc34, tcc35}; st.shared.v2.f32 [tcp0+32], {tcc36, tcc37}; st.shared.v2.f32 [tcp0+1312], {tcc38, tcc39};"
        + " st.shared.v2.f32 [tcp0+64], {tcc40, tcc41}; st.shared.v2.f32 [tcp0+1344], {tcc42, tcc43}; st.shared.v2.f32 [tcp0+96], {tcc44, tcc45}; st.shared.v2.f32 [tcp0+1376], {tcc46, tcc47};";
    public const string NarrowSpill2 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc64, tcc65}; st.shared.v2.f32 [tcp0+1280], {tcc66, tcc67}; st.shared.v2.f32 [tcp0+32], {tcc68, tcc69}; st.shared.v2.f32 [tcp0+1312], {tcc70, tcc71};"
        + " st.shared.v2.f32 [tcp0+64], {tcc72, tcc73}; st.shared.v2.f32 [tcp0+1344], {tcc74, tcc75}; st.shared.v2.f32 [tcp0+96], {tcc76, tcc77}; st.shared.v2.f32 [tcp0+1376], {tcc78, tcc79};";
    public const string NarrowSpill3 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc96, tcc97}; st.shared.v2.f32 [tcp0+1280], {tcc98, tcc99}; st.shared.v2.f32 [tcp0+32], {tcc100, tcc101}; st.shared.v2.f32 [tcp0+1312], {tcc102, tcc103};"
        + " st.shared.v2.f32 [tcp0+64], {tcc104, tcc105}; st.shared.v2.f32 [tcp0+1344], {tcc106, tcc107}; st.shared.v2.f32 [tcp0+96], {tcc108, tcc109}; st.shared.v2.f32 [tcp0+1376], {tcc110, tcc111};";
    public const string WideSpill0 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc0, tcc1}; st.shared.v2.f32 [tcp0+2304], {tcc2, tcc3}; st.shared.v2.f32 [tcp0+32], {tcc4, tcc5}; st.shared.v2.f32 [tcp0+2336], {tcc6, tcc7};"
        + " st.shared.v2.f32 [tcp0+64], {tcc8, tcc9}; st.shared.v2.f32 [tcp0+2368], {tcc10, tcc11}; st.shared.v2.f32 [tcp0+96], {tcc12, tcc13}; st.shared.v2.f32 [tcp0+2400], {tcc14, tcc15};"
        + " st.shared.v2.f32 [tcp0+128], {tcc16, tcc17}; st.shared.v2.f32 [tcp0+2432], {tcc18, tcc19}; st.shared.v2.f32 [tcp0+160], {tcc20, tcc21}; st.shared.v2.f32 [tcp0+2464], {tcc22, tcc23};"
        + " st.shared.v2.f32 [tcp0+192], {tcc24, tcc25}; st.shared.v2.f32 [tcp0+2496], {tcc26, tcc27}; st.shared.v2.f32 [tcp0+224], {tcc28, tcc29}; st.shared.v2.f32 [tcp0+2528], {tcc30, tcc31};";
    public const string WideSpill1 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc32, tcc33}; st.shared.v2.f32 [tcp0+2304], {tcc34, tcc35}; st.shared.v2.f32 [tcp0+32], {tcc36, tcc37}; st.shared.v2.f32 [tcp0+2336], {tcc38, tcc39};"
        + " st.shared.v2.f32 [tcp0+64], {tcc40, tcc41}; st.shared.v2.f32 [tcp0+2368], {tcc42, tcc43}; st.shared.v2.f32 [tcp0+96], {tcc44, tcc45}; st.shared.v2.f32 [tcp0+2400], {tcc46, tcc47};"
        + " st.shared.v2.f32 [tcp0+128], {tcc48, tcc49}; st.shared.v2.f32 [tcp0+2432], {tcc50, tcc51}; st.shared.v2.f32 [tcp0+160], {tcc52, tcc53}; st.shared.v2.f32 [tcp0+2464], {tcc54, tcc55};"
        + " st.shared.v2.f32 [tcp0+192], {tcc56, tcc57}; st.shared.v2.f32 [tcp0+2496], {tcc58, tcc59}; st.shared.v2.f32 [tcp0+224], {tcc60, tcc61}; st.shared.v2.f32 [tcp0+2528], {tcc62, tcc63};";
    public const string WideSpill2 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc64, tcc65}; st.shared.v2.f32 [tcp0+2304], {tcc66, tcc67}; st.shared.v2.f32 [tcp0+32], {tcc68, tcc69}; st.shared.v2.f32 [tcp0+2336], {tcc70, tcc71};"
        + " st.shared.v2.f32 [tcp0+64], {tcc72, tcc73}; st.shared.v2.f32 [tcp0+2368], {tcc74, tcc75}; st.shared.v2.f32 [tcp0+96], {tcc76, tcc77}; st.shared.v2.f32 [tcp0+2400], {tcc78, tcc79};"
        + " st.shared.v2.f32 [tcp0+128], {tcc80, tcc81}; st.shared.v2.f32 [tcp0+2432], {tcc82, tcc83}; st.shared.v2.f32 [tcp0+160], {tcc84, tcc85}; st.shared.v2.f32 [tcp0+2464], {tcc86, tcc87};"
        + " st.shared.v2.f32 [tcp0+192], {tcc88, tcc89}; st.shared.v2.f32 [tcp0+2496], {tcc90, tcc91}; st.shared.v2.f32 [tcp0+224], {tcc92, tcc93}; st.shared.v2.f32 [tcp0+2528], {tcc94, tcc95};";
    public const string WideSpill3 = Here
        + " st.shared.v2.f32 [tcp0+0], {tcc96, tcc97}; st.shared.v2.f32 [tcp0+2304], {tcc98, tcc99}; st.shared.v2.f32 [tcp0+32], {tcc100, tcc101}; st.shared.v2.f32 [tcp0+2336], {tcc102, tcc103};"
        + " st.shared.v2.f32 [tcp0+64], {tcc104, tcc105}; st.shared.v2.f32 [tcp0+2368], {tcc106, tcc107}; st.shared.v2.f32 [tcp0+96], {tcc108, tcc109}; st.shared.v2.f32 [tcp0+2400], {tcc110, tcc111};"
        + " st.shared.v2.f32 [tcp0+128], {tcc112, tcc113}; st.shared.v2.f32 [tcp0+2432], {tcc114, tcc115}; st.shared.v2.f32 [tcp0+160], {tcc116, tcc117}; st.shared.v2.f32 [tcp0+2464], {tcc118, tcc119};"
        + " st.shared.v2.f32 [tcp0+192], {tcc120, tcc121}; st.shared.v2.f32 [tcp0+2496], {tcc122, tcc123}; st.shared.v2.f32 [tcp0+224], {tcc124, tcc125}; st.shared.v2.f32 [tcp0+2528], {tcc126, tcc127};";

    /// <summary>The thread's totals to %0.</summary>
    public const string Totals = Here + " st.shared.v4.f32 [tcp0], {tct0, tct1, tct2, tct3};";

    /// <summary>16 rows along k of each of four fragments by ldmatrix; %0 is the lane's address and 1024 bytes are 16 rows.</summary>
    public const string FirstInRows = Here + "\n\t"
        + Load + " {tca0, tca1, tca2, tca3}, [tcp0+0];\n\t"
        + Load + " {tca4, tca5, tca6, tca7}, [tcp0+1024];\n\t"
        + Load + " {tca8, tca9, tca10, tca11}, [tcp0+2048];\n\t"
        + Load + " {tca12, tca13, tca14, tca15}, [tcp0+3072];\n\t";

    private const string Load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16";

    /// <summary>Four words; %0 is the place in shared memory, %1 the source's address, %2 the index of the first word and %3 the number of bytes that are not zero. For words that are read once.</summary>
    public const string CopyFour = Here + " mad.wide.s32 tcw, %2, 4, %1; cp.async.cg.shared.global [tcp0], [tcw], 16, %3;";

    /// <summary>The same, kept in the multiprocessor's first-level cache.</summary>
    public const string CopyFourAgain = Here + " mad.wide.s32 tcw, %2, 4, %1; cp.async.ca.shared.global [tcp0], [tcw], 16, %3;";

    /// <summary>One word.</summary>
    public const string CopyOne = Here + " mad.wide.s32 tcw, %2, 4, %1; cp.async.ca.shared.global [tcp0], [tcw], 4, %3;";

    /// <summary>Ends a batch of copies.</summary>
    public const string Commit = "cp.async.commit_group;";

    /// <summary>Waits for all batches but the last 0, 1 or 2.</summary>
    public const string Wait0 = "cp.async.wait_group 0;", Wait1 = "cp.async.wait_group 1;", Wait2 = "cp.async.wait_group 2;";

    /// <summary>A barrier for a warp.</summary>
    public const string WarpBarrier = "bar.warp.sync 0xffffffff;";
}
