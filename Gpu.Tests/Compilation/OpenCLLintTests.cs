namespace Gpu.Tests.Compilation;

/// <summary><see cref="OpenCLLint"/> on short texts with known violations.</summary>
public class OpenCLLintTests
{
    [Theory]
    [InlineData("", "*view = fmax(*view, 0.0f);", null)]
    [InlineData("typedef local float* type_2;", "work_group_barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);", null)]
    [InlineData("", "work_group_barrier(CLK_GLOBAL_MEM_FENCE);", "a barrier without a fence for local memory: work_group_barrier(CLK_GLOBAL_MEM_FENCE)")]
    [InlineData("", "work_group_barrier ( CLK_GLOBAL_MEM_FENCE );", "a barrier without a fence for local memory")]
    [InlineData("", "barrier(CLK_LOCAL_MEM_FENCE);", "calls barrier, which it does not declare")]
    [InlineData("", "*view = sub_group_shuffle(*view, 1);", "calls sub_group_shuffle, which it does not declare")]
    [InlineData("", "*view = sub_group_reduce_add(*view);", "calls sub_group_reduce_add, which it does not declare")]
    [InlineData("", "double sum = *view;", "uses a feature that a device may lack: double")]
    [InlineData("", "half4 few;", "uses a feature that a device may lack: half4")]
    [InlineData("#pragma OPENCL EXTENSION cl_khr_fp64 : enable", "", "uses a feature that a device may lack: #pragma OPENCL EXTENSION cl_khr_fp64 : enable")]
    [InlineData("typedef __generic float* type_2;", "", "a pointer to neither global nor local memory: typedef __generic float* type_2;")]
    [InlineData("typedef float* type_2;", "", "a pointer to neither global nor local memory: typedef float* type_2;")]
    [InlineData("", "float few[4];", "a private array: float few[4];")]
    public void ViolationIsFound(string before, string inside, string? violation)
    {
        ViolationIsFoundInProgram($"typedef global float* type_1;\n{before}\nkernel void Run(global float* view)\n{{\n\t{inside}\n}}\n", violation);
    }

    [Theory]
    [InlineData("kernel void Run(global float* a) { a[0] = fmax(a[1], (float)(2)); }", null)]
    [InlineData("struct s { char __padding1[4]; };\nkernel void Run(global float* a) {\n if (a[0] > 1) { a[1] = 2; }\n}", null)]
    [InlineData("kernel void Run(global float* a) { a[0] = FusedMultiplyAdd(a[1], a[2], a[3]); }", "FusedMultiplyAdd")]
    [InlineData("kernel void Run(global float* a) {\n\tfloat var3[8];\n}", "private array")]
    [InlineData("void Run() { }", "no kernel")]
    public void ViolationIsFoundInProgram(string program, string? violation)
    {
        var found = OpenCLLint.Check(program).ToArray();
        if (violation is null) Assert.Empty(found);
        else Assert.Contains(violation, Assert.Single(found));
    }
}
