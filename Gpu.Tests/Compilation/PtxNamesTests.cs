using Gpu.Kernels.Cuda;

namespace Gpu.Tests.Compilation;

public class PtxNamesTests
{
    [Fact]
    public void OnlyLabelsAndParametersAreRenumbered()
    {
        const string Text = """
            .target sm_80
            .visible .entry Kernel_Run( .param .b8 _kernel_51363[192], .param .b32 _items_51419 )
            .reg .f32 acc_<4>;
            ld.param.b64 %rd2, [_kernel_51363+8];
            L_77_12: @%p1 bra L_77_13;
            mov.f32 acc_0, %f_3; bra L_77_12; L_77_13: bra.uni L_5;
            """;
        const string Expected = """
            .target sm_80
            .visible .entry Kernel_Run( .param .b8 _kernel_0[192], .param .b32 _items_1 )
            .reg .f32 acc_<4>;
            ld.param.b64 %rd2, [_kernel_0+8];
            L_2: @%p1 bra L_3;
            mov.f32 acc_0, %f_3; bra L_2; L_3: bra.uni L_4;
            """;
        Assert.Equal(Expected, PtxNames.Renumber(Text));
        Assert.Equal(Expected, PtxNames.Renumber(Expected));
    }
}
