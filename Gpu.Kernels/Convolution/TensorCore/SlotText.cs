namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// PTX for the slots of a staged unit: four registers each, with names that a statement has to spell, hence a text for each slot. See <see cref="PtxText"/> for the registers.
/// </summary>
internal static class SlotText
{
    private const string Zero = ", 0f00000000; mov.f32 ";
    private const string Four = ", 0f00000000;\n\tmad.wide.s32 tcw, %1, 4, %0; setp.ne.s32 %%tcq, %2, 0; @%%tcq ld.global.v4.f32 ";
    private const string One = ", 0f00000000;\n\tmad.wide.s32 tcw, %1, 4, %0; setp.gt.s32 %%tcq, %2, 0; @%%tcq ld.global.f32 ";
    private const string Two = ", [tcw]; setp.gt.s32 %%tcq, %2, 1; @%%tcq ld.global.f32 ";
    private const string Three = ", [tcw+4]; setp.gt.s32 %%tcq, %2, 2; @%%tcq ld.global.f32 ";
    private const string Last = ", [tcw+8]; setp.gt.s32 %%tcq, %2, 3; @%%tcq ld.global.f32 ";
    private const string Half = "add.u32 tcp0, tcs, %0; cvt.rn.f16x2.f32 tcp1, ";
    private const string Next = "; cvt.rn.f16x2.f32 tcp2, ";
    private const string Store = "; st.shared.v2.b32 [tcp0], {tcp1, tcp2};";

    // Four words from address %0 on, from the one with index %1, or zeros where %2 is 0.
    public const string Four0 = "mov.f32 tcg0" + Zero + "tcg1" + Zero + "tcg2" + Zero + "tcg3" + Four + "{tcg0, tcg1, tcg2, tcg3}, [tcw];";
    public const string Four1 = "mov.f32 tcg4" + Zero + "tcg5" + Zero + "tcg6" + Zero + "tcg7" + Four + "{tcg4, tcg5, tcg6, tcg7}, [tcw];";
    public const string Four2 = "mov.f32 tcg8" + Zero + "tcg9" + Zero + "tcg10" + Zero + "tcg11" + Four + "{tcg8, tcg9, tcg10, tcg11}, [tcw];";
    public const string Four3 = "mov.f32 tcg12" + Zero + "tcg13" + Zero + "tcg14" + Zero + "tcg15" + Four + "{tcg12, tcg13, tcg14, tcg15}, [tcw];";
    public const string Four4 = "mov.f32 tcg16" + Zero + "tcg17" + Zero + "tcg18" + Zero + "tcg19" + Four + "{tcg16, tcg17, tcg18, tcg19}, [tcw];";
    public const string Four5 = "mov.f32 tcg20" + Zero + "tcg21" + Zero + "tcg22" + Zero + "tcg23" + Four + "{tcg20, tcg21, tcg22, tcg23}, [tcw];";
    public const string Four6 = "mov.f32 tcg24" + Zero + "tcg25" + Zero + "tcg26" + Zero + "tcg27" + Four + "{tcg24, tcg25, tcg26, tcg27}, [tcw];";
    public const string Four7 = "mov.f32 tcg28" + Zero + "tcg29" + Zero + "tcg30" + Zero + "tcg31" + Four + "{tcg28, tcg29, tcg30, tcg31}, [tcw];";
    public const string Four8 = "mov.f32 tcg32" + Zero + "tcg33" + Zero + "tcg34" + Zero + "tcg35" + Four + "{tcg32, tcg33, tcg34, tcg35}, [tcw];";
    public const string Four9 = "mov.f32 tcg36" + Zero + "tcg37" + Zero + "tcg38" + Zero + "tcg39" + Four + "{tcg36, tcg37, tcg38, tcg39}, [tcw];";
    public const string Four10 = "mov.f32 tcg40" + Zero + "tcg41" + Zero + "tcg42" + Zero + "tcg43" + Four + "{tcg40, tcg41, tcg42, tcg43}, [tcw];";
    public const string Four11 = "mov.f32 tcg44" + Zero + "tcg45" + Zero + "tcg46" + Zero + "tcg47" + Four + "{tcg44, tcg45, tcg46, tcg47}, [tcw];";
    public const string Four12 = "mov.f32 tcg48" + Zero + "tcg49" + Zero + "tcg50" + Zero + "tcg51" + Four + "{tcg48, tcg49, tcg50, tcg51}, [tcw];";
    public const string Four13 = "mov.f32 tcg52" + Zero + "tcg53" + Zero + "tcg54" + Zero + "tcg55" + Four + "{tcg52, tcg53, tcg54, tcg55}, [tcw];";
    public const string Four14 = "mov.f32 tcg56" + Zero + "tcg57" + Zero + "tcg58" + Zero + "tcg59" + Four + "{tcg56, tcg57, tcg58, tcg59}, [tcw];";
    public const string Four15 = "mov.f32 tcg60" + Zero + "tcg61" + Zero + "tcg62" + Zero + "tcg63" + Four + "{tcg60, tcg61, tcg62, tcg63}, [tcw];";
    public const string Four16 = "mov.f32 tcg64" + Zero + "tcg65" + Zero + "tcg66" + Zero + "tcg67" + Four + "{tcg64, tcg65, tcg66, tcg67}, [tcw];";
    public const string Four17 = "mov.f32 tcg68" + Zero + "tcg69" + Zero + "tcg70" + Zero + "tcg71" + Four + "{tcg68, tcg69, tcg70, tcg71}, [tcw];";
    public const string Four18 = "mov.f32 tcg72" + Zero + "tcg73" + Zero + "tcg74" + Zero + "tcg75" + Four + "{tcg72, tcg73, tcg74, tcg75}, [tcw];";
    public const string Four19 = "mov.f32 tcg76" + Zero + "tcg77" + Zero + "tcg78" + Zero + "tcg79" + Four + "{tcg76, tcg77, tcg78, tcg79}, [tcw];";
    public const string Four20 = "mov.f32 tcg80" + Zero + "tcg81" + Zero + "tcg82" + Zero + "tcg83" + Four + "{tcg80, tcg81, tcg82, tcg83}, [tcw];";
    public const string Four21 = "mov.f32 tcg84" + Zero + "tcg85" + Zero + "tcg86" + Zero + "tcg87" + Four + "{tcg84, tcg85, tcg86, tcg87}, [tcw];";
    public const string Four22 = "mov.f32 tcg88" + Zero + "tcg89" + Zero + "tcg90" + Zero + "tcg91" + Four + "{tcg88, tcg89, tcg90, tcg91}, [tcw];";
    public const string Four23 = "mov.f32 tcg92" + Zero + "tcg93" + Zero + "tcg94" + Zero + "tcg95" + Four + "{tcg92, tcg93, tcg94, tcg95}, [tcw];";

    // %2 of these words, and zeros.
    public const string Some0 = "mov.f32 tcg0" + Zero + "tcg1" + Zero + "tcg2" + Zero + "tcg3" + One + "tcg0" + Two + "tcg1" + Three + "tcg2" + Last + "tcg3, [tcw+12];";
    public const string Some1 = "mov.f32 tcg4" + Zero + "tcg5" + Zero + "tcg6" + Zero + "tcg7" + One + "tcg4" + Two + "tcg5" + Three + "tcg6" + Last + "tcg7, [tcw+12];";
    public const string Some2 = "mov.f32 tcg8" + Zero + "tcg9" + Zero + "tcg10" + Zero + "tcg11" + One + "tcg8" + Two + "tcg9" + Three + "tcg10" + Last + "tcg11, [tcw+12];";
    public const string Some3 = "mov.f32 tcg12" + Zero + "tcg13" + Zero + "tcg14" + Zero + "tcg15" + One + "tcg12" + Two + "tcg13" + Three + "tcg14" + Last + "tcg15, [tcw+12];";
    public const string Some4 = "mov.f32 tcg16" + Zero + "tcg17" + Zero + "tcg18" + Zero + "tcg19" + One + "tcg16" + Two + "tcg17" + Three + "tcg18" + Last + "tcg19, [tcw+12];";
    public const string Some5 = "mov.f32 tcg20" + Zero + "tcg21" + Zero + "tcg22" + Zero + "tcg23" + One + "tcg20" + Two + "tcg21" + Three + "tcg22" + Last + "tcg23, [tcw+12];";
    public const string Some6 = "mov.f32 tcg24" + Zero + "tcg25" + Zero + "tcg26" + Zero + "tcg27" + One + "tcg24" + Two + "tcg25" + Three + "tcg26" + Last + "tcg27, [tcw+12];";
    public const string Some7 = "mov.f32 tcg28" + Zero + "tcg29" + Zero + "tcg30" + Zero + "tcg31" + One + "tcg28" + Two + "tcg29" + Three + "tcg30" + Last + "tcg31, [tcw+12];";
    public const string Some8 = "mov.f32 tcg32" + Zero + "tcg33" + Zero + "tcg34" + Zero + "tcg35" + One + "tcg32" + Two + "tcg33" + Three + "tcg34" + Last + "tcg35, [tcw+12];";
    public const string Some9 = "mov.f32 tcg36" + Zero + "tcg37" + Zero + "tcg38" + Zero + "tcg39" + One + "tcg36" + Two + "tcg37" + Three + "tcg38" + Last + "tcg39, [tcw+12];";
    public const string Some10 = "mov.f32 tcg40" + Zero + "tcg41" + Zero + "tcg42" + Zero + "tcg43" + One + "tcg40" + Two + "tcg41" + Three + "tcg42" + Last + "tcg43, [tcw+12];";
    public const string Some11 = "mov.f32 tcg44" + Zero + "tcg45" + Zero + "tcg46" + Zero + "tcg47" + One + "tcg44" + Two + "tcg45" + Three + "tcg46" + Last + "tcg47, [tcw+12];";
    public const string Some12 = "mov.f32 tcg48" + Zero + "tcg49" + Zero + "tcg50" + Zero + "tcg51" + One + "tcg48" + Two + "tcg49" + Three + "tcg50" + Last + "tcg51, [tcw+12];";
    public const string Some13 = "mov.f32 tcg52" + Zero + "tcg53" + Zero + "tcg54" + Zero + "tcg55" + One + "tcg52" + Two + "tcg53" + Three + "tcg54" + Last + "tcg55, [tcw+12];";
    public const string Some14 = "mov.f32 tcg56" + Zero + "tcg57" + Zero + "tcg58" + Zero + "tcg59" + One + "tcg56" + Two + "tcg57" + Three + "tcg58" + Last + "tcg59, [tcw+12];";
    public const string Some15 = "mov.f32 tcg60" + Zero + "tcg61" + Zero + "tcg62" + Zero + "tcg63" + One + "tcg60" + Two + "tcg61" + Three + "tcg62" + Last + "tcg63, [tcw+12];";
    public const string Some16 = "mov.f32 tcg64" + Zero + "tcg65" + Zero + "tcg66" + Zero + "tcg67" + One + "tcg64" + Two + "tcg65" + Three + "tcg66" + Last + "tcg67, [tcw+12];";
    public const string Some17 = "mov.f32 tcg68" + Zero + "tcg69" + Zero + "tcg70" + Zero + "tcg71" + One + "tcg68" + Two + "tcg69" + Three + "tcg70" + Last + "tcg71, [tcw+12];";
    public const string Some18 = "mov.f32 tcg72" + Zero + "tcg73" + Zero + "tcg74" + Zero + "tcg75" + One + "tcg72" + Two + "tcg73" + Three + "tcg74" + Last + "tcg75, [tcw+12];";
    public const string Some19 = "mov.f32 tcg76" + Zero + "tcg77" + Zero + "tcg78" + Zero + "tcg79" + One + "tcg76" + Two + "tcg77" + Three + "tcg78" + Last + "tcg79, [tcw+12];";
    public const string Some20 = "mov.f32 tcg80" + Zero + "tcg81" + Zero + "tcg82" + Zero + "tcg83" + One + "tcg80" + Two + "tcg81" + Three + "tcg82" + Last + "tcg83, [tcw+12];";
    public const string Some21 = "mov.f32 tcg84" + Zero + "tcg85" + Zero + "tcg86" + Zero + "tcg87" + One + "tcg84" + Two + "tcg85" + Three + "tcg86" + Last + "tcg87, [tcw+12];";
    public const string Some22 = "mov.f32 tcg88" + Zero + "tcg89" + Zero + "tcg90" + Zero + "tcg91" + One + "tcg88" + Two + "tcg89" + Three + "tcg90" + Last + "tcg91, [tcw+12];";
    public const string Some23 = "mov.f32 tcg92" + Zero + "tcg93" + Zero + "tcg94" + Zero + "tcg95" + One + "tcg92" + Two + "tcg93" + Three + "tcg94" + Last + "tcg95, [tcw+12];";

    // As four halves, the first in the lowest bits, to shared memory at byte %0.
    public const string Settle0 = Half + "tcg1, tcg0" + Next + "tcg3, tcg2" + Store;
    public const string Settle1 = Half + "tcg5, tcg4" + Next + "tcg7, tcg6" + Store;
    public const string Settle2 = Half + "tcg9, tcg8" + Next + "tcg11, tcg10" + Store;
    public const string Settle3 = Half + "tcg13, tcg12" + Next + "tcg15, tcg14" + Store;
    public const string Settle4 = Half + "tcg17, tcg16" + Next + "tcg19, tcg18" + Store;
    public const string Settle5 = Half + "tcg21, tcg20" + Next + "tcg23, tcg22" + Store;
    public const string Settle6 = Half + "tcg25, tcg24" + Next + "tcg27, tcg26" + Store;
    public const string Settle7 = Half + "tcg29, tcg28" + Next + "tcg31, tcg30" + Store;
    public const string Settle8 = Half + "tcg33, tcg32" + Next + "tcg35, tcg34" + Store;
    public const string Settle9 = Half + "tcg37, tcg36" + Next + "tcg39, tcg38" + Store;
    public const string Settle10 = Half + "tcg41, tcg40" + Next + "tcg43, tcg42" + Store;
    public const string Settle11 = Half + "tcg45, tcg44" + Next + "tcg47, tcg46" + Store;
    public const string Settle12 = Half + "tcg49, tcg48" + Next + "tcg51, tcg50" + Store;
    public const string Settle13 = Half + "tcg53, tcg52" + Next + "tcg55, tcg54" + Store;
    public const string Settle14 = Half + "tcg57, tcg56" + Next + "tcg59, tcg58" + Store;
    public const string Settle15 = Half + "tcg61, tcg60" + Next + "tcg63, tcg62" + Store;
    public const string Settle16 = Half + "tcg65, tcg64" + Next + "tcg67, tcg66" + Store;
    public const string Settle17 = Half + "tcg69, tcg68" + Next + "tcg71, tcg70" + Store;
    public const string Settle18 = Half + "tcg73, tcg72" + Next + "tcg75, tcg74" + Store;
    public const string Settle19 = Half + "tcg77, tcg76" + Next + "tcg79, tcg78" + Store;
    public const string Settle20 = Half + "tcg81, tcg80" + Next + "tcg83, tcg82" + Store;
    public const string Settle21 = Half + "tcg85, tcg84" + Next + "tcg87, tcg86" + Store;
    public const string Settle22 = Half + "tcg89, tcg88" + Next + "tcg91, tcg90" + Store;
    public const string Settle23 = Half + "tcg93, tcg92" + Next + "tcg95, tcg94" + Store;

    // Onto the totals.
    public const string AddUp0 = "add.f32 tct0, tct0, tcg0; add.f32 tct1, tct1, tcg1; add.f32 tct2, tct2, tcg2; add.f32 tct3, tct3, tcg3;";
    public const string AddUp1 = "add.f32 tct0, tct0, tcg4; add.f32 tct1, tct1, tcg5; add.f32 tct2, tct2, tcg6; add.f32 tct3, tct3, tcg7;";
    public const string AddUp2 = "add.f32 tct0, tct0, tcg8; add.f32 tct1, tct1, tcg9; add.f32 tct2, tct2, tcg10; add.f32 tct3, tct3, tcg11;";
    public const string AddUp3 = "add.f32 tct0, tct0, tcg12; add.f32 tct1, tct1, tcg13; add.f32 tct2, tct2, tcg14; add.f32 tct3, tct3, tcg15;";
    public const string AddUp4 = "add.f32 tct0, tct0, tcg16; add.f32 tct1, tct1, tcg17; add.f32 tct2, tct2, tcg18; add.f32 tct3, tct3, tcg19;";
    public const string AddUp5 = "add.f32 tct0, tct0, tcg20; add.f32 tct1, tct1, tcg21; add.f32 tct2, tct2, tcg22; add.f32 tct3, tct3, tcg23;";
    public const string AddUp6 = "add.f32 tct0, tct0, tcg24; add.f32 tct1, tct1, tcg25; add.f32 tct2, tct2, tcg26; add.f32 tct3, tct3, tcg27;";
    public const string AddUp7 = "add.f32 tct0, tct0, tcg28; add.f32 tct1, tct1, tcg29; add.f32 tct2, tct2, tcg30; add.f32 tct3, tct3, tcg31;";
    public const string AddUp8 = "add.f32 tct0, tct0, tcg32; add.f32 tct1, tct1, tcg33; add.f32 tct2, tct2, tcg34; add.f32 tct3, tct3, tcg35;";
    public const string AddUp9 = "add.f32 tct0, tct0, tcg36; add.f32 tct1, tct1, tcg37; add.f32 tct2, tct2, tcg38; add.f32 tct3, tct3, tcg39;";
    public const string AddUp10 = "add.f32 tct0, tct0, tcg40; add.f32 tct1, tct1, tcg41; add.f32 tct2, tct2, tcg42; add.f32 tct3, tct3, tcg43;";
    public const string AddUp11 = "add.f32 tct0, tct0, tcg44; add.f32 tct1, tct1, tcg45; add.f32 tct2, tct2, tcg46; add.f32 tct3, tct3, tcg47;";
    public const string AddUp12 = "add.f32 tct0, tct0, tcg48; add.f32 tct1, tct1, tcg49; add.f32 tct2, tct2, tcg50; add.f32 tct3, tct3, tcg51;";
    public const string AddUp13 = "add.f32 tct0, tct0, tcg52; add.f32 tct1, tct1, tcg53; add.f32 tct2, tct2, tcg54; add.f32 tct3, tct3, tcg55;";
    public const string AddUp14 = "add.f32 tct0, tct0, tcg56; add.f32 tct1, tct1, tcg57; add.f32 tct2, tct2, tcg58; add.f32 tct3, tct3, tcg59;";
    public const string AddUp15 = "add.f32 tct0, tct0, tcg60; add.f32 tct1, tct1, tcg61; add.f32 tct2, tct2, tcg62; add.f32 tct3, tct3, tcg63;";
    public const string AddUp16 = "add.f32 tct0, tct0, tcg64; add.f32 tct1, tct1, tcg65; add.f32 tct2, tct2, tcg66; add.f32 tct3, tct3, tcg67;";
    public const string AddUp17 = "add.f32 tct0, tct0, tcg68; add.f32 tct1, tct1, tcg69; add.f32 tct2, tct2, tcg70; add.f32 tct3, tct3, tcg71;";
    public const string AddUp18 = "add.f32 tct0, tct0, tcg72; add.f32 tct1, tct1, tcg73; add.f32 tct2, tct2, tcg74; add.f32 tct3, tct3, tcg75;";
    public const string AddUp19 = "add.f32 tct0, tct0, tcg76; add.f32 tct1, tct1, tcg77; add.f32 tct2, tct2, tcg78; add.f32 tct3, tct3, tcg79;";
    public const string AddUp20 = "add.f32 tct0, tct0, tcg80; add.f32 tct1, tct1, tcg81; add.f32 tct2, tct2, tcg82; add.f32 tct3, tct3, tcg83;";
    public const string AddUp21 = "add.f32 tct0, tct0, tcg84; add.f32 tct1, tct1, tcg85; add.f32 tct2, tct2, tcg86; add.f32 tct3, tct3, tcg87;";
    public const string AddUp22 = "add.f32 tct0, tct0, tcg88; add.f32 tct1, tct1, tcg89; add.f32 tct2, tct2, tcg90; add.f32 tct3, tct3, tcg91;";
    public const string AddUp23 = "add.f32 tct0, tct0, tcg92; add.f32 tct1, tct1, tcg93; add.f32 tct2, tct2, tcg94; add.f32 tct3, tct3, tcg95;";
}
