namespace Gpu.Tests.Compilation;

/// <summary><see cref="PtxLint"/> on short texts with known violations.</summary>
public class PtxLintTests
{
    [Fact]
    public void LoopOverAnArgumentAfterTheItemGuardIsClean() => Clean("""
            setp.ge.s32 %p1, %r1, %r3;
            @%p1 bra Done;
            mov.b32 %r4, 0;
        Head:
            setp.ge.s32 %p2, %r4, %r2;
            @%p2 bra.uni Done;
            add.s32 %r5, %r4, 1;
            mov.b32 %r4, %r5;
            bra.uni Head;
        Done:
            ret;
        """);

    [Fact]
    public void UniformBranchOnTheThreadIndexIsFound() => Violation("line 21: uniform branch", """
            setp.ge.s32 %p1, %r1, 3;
            @%p1 bra.uni Done;
        Done:
            ret;
        """);

    [Theory]
    [InlineData("ld.global.b32 %r6, [%rd1];", false)]
    [InlineData("mul.wide.s32 %rd2, %r1, 4; add.u64 %rd3, %rd1, %rd2; ld.global.b32 %r6, [%rd3];", true)]
    [InlineData("atom.global.add.s32 %r6, [%rd1], 1;", true)]
    [InlineData("ld.shared.b32 %r6, [%rd1];", true)]
    [InlineData("mov.b32 %r6, %laneid;", true)]
    [InlineData("mov.b32 %r6, %ctaid.x;", false)]
    [InlineData("shfl.sync.idx.b32 %r6, %r2, 0, 31, -1;", true)]
    [InlineData("setp.lt.s32 %p4, %r2, 5; selp.b32 %r6, 1, 2, %p4;", false)]
    [InlineData("setp.lt.s32 %p4, %r1, 5; selp.b32 %r6, 1, 2, %p4;", true)]
    [InlineData("setp.lt.s32 %p4, %r1, 5; mov.b32 %r6, 1; @%p4 mov.b32 %r6, 2;", true)]
    public void UniformBranchOnALoadedOrComputedValue(string computed, bool differs) => Check(differs, $"""
            {computed}
            setp.ge.s32 %p1, %r6, 3;
            @!%p1 bra.uni Done;
        Done:
            ret;
        """);

    // ILGPU's own analysis misses this case: the values are constants, but the thread index selects one of them.
    [Theory]
    [InlineData("%r1", true)]
    [InlineData("%r2", false)]
    public void UniformBranchOnAValueSelectedByABranch(string condition, bool differs) => Check(differs, $"""
            setp.ge.s32 %p1, {condition}, 3;
            @%p1 bra Second;
            mov.b32 %r4, 8;
            bra.uni Join;
        Second:
            mov.b32 %r4, 9;
        Join:
            setp.eq.s32 %p2, %r4, %r2;
            @%p2 bra.uni Done;
        Done:
            ret;
        """);

    [Fact]
    public void ValueUnchangedOnBothPathsIsClean() => Clean("""
            mov.b32 %r4, 8;
            setp.ge.s32 %p1, %r1, 3;
            @%p1 bra Join;
            add.s32 %r5, %r4, 1;
        Join:
            setp.eq.s32 %p2, %r4, %r2;
            @%p2 bra.uni Done;
        Done:
            ret;
        """);

    [Fact]
    public void CounterOfALoopAroundADivergentBranchIsClean() => Clean("""
            mov.b32 %r4, 0;
        Head:
            setp.ge.s32 %p2, %r4, %r2;
            @%p2 bra.uni Done;
            setp.ge.s32 %p1, %r1, %r4;
            @%p1 bra Skip;
            st.global.b32 [%rd1], %r4;
        Skip:
            add.s32 %r5, %r4, 1;
            mov.b32 %r4, %r5;
            bra.uni Head;
        Done:
            ret;
        """);

    [Theory]
    [InlineData("%r1", true)]
    [InlineData("%r2", false)]
    public void UniformBranchOnALoopCounterAfterTheLoop(string rounds, bool differs) => Check(differs, $"""
            mov.b32 %r4, 0;
        Head:
            setp.ge.s32 %p2, %r4, {rounds};
            @%p2 bra Behind;
            add.s32 %r5, %r4, 1;
            mov.b32 %r4, %r5;
            bra.uni Head;
        Behind:
            setp.eq.s32 %p3, %r4, 7;
            @%p3 bra.uni Done;
        Done:
            ret;
        """);

    [Fact]
    public void EarlyLoopExitOfSomeThreadsMakesALaterPhiDivergent() => Violation("uniform branch", """
            mov.b32 %r4, 0;
            mov.b32 %r6, 0;
        Head:
            setp.ge.s32 %p2, %r4, %r2;
            @%p2 bra.uni Behind;
            setp.eq.s32 %p1, %r1, %r4;
            @%p1 bra Early;
            add.s32 %r5, %r4, 1;
            mov.b32 %r4, %r5;
            bra.uni Head;
        Early:
            mov.b32 %r6, 1;
        Behind:
            setp.eq.s32 %p3, %r6, 1;
            @%p3 bra.uni Done;
        Done:
            ret;
        """);

    [Fact]
    public void ExternalFunctionIsFound()
    {
        var module = ".extern .func (.param .b32 retval) Missing(.param .b32 a);\n" + Module("""
            { .param .b32 slot0; .param .b32 result0;
            st.param.b32 [slot0], %r2;
            call.uni (result0), Missing, (slot0);
            ld.param.b32 %r4, [result0]; }
            ret;
            """);
        var violations = PtxLint.Check(module).ToArray();
        Assert.Contains(violations, violation => violation.StartsWith("external function Missing", StringComparison.Ordinal));
        Assert.Contains(violations, violation => violation.Contains("call of Missing", StringComparison.Ordinal));
    }

    [Fact]
    public void LocalMemoryIsFound() => Violation("local memory: .local .align 4 .b8 __local0[32];", """
            .local .align 4 .b8 __local0[32];
            st.global.b32 [%rd1], %r2;
            ret;
        """);

    [Fact]
    public void SwitchOnAValueIsFound() => Violation("a switch on a run-time value", """
        Table: .branchtargets One, Two;
            brx.idx %r2, Table;
        One:
            ret;
        Two:
            ret;
        """);

    [Theory]
    [InlineData("%r1", true)]
    [InlineData("%r2", false)]
    public void BarrierAfterABranch(string condition, bool differs)
    {
        var violations = PtxLint.Check(Module($"""
                setp.ge.s32 %p1, {condition}, 3;
                @%p1 bra Join;
                bar.sync 0;
            Join:
                bar.sync 0;
                ret;
            """)).ToArray();
        if (differs) Assert.Contains("line 22: a barrier", Assert.Single(violations));
        else Assert.Empty(violations);
    }

    [Fact]
    public void SharedMemoryIsCounted()
    {
        const string shared = ".shared .align 16 .b8 __shared_alloca0[{0}];\n.shared .align 4 .b32 __shared_alloca1[16];\n";
        Assert.Equal(1088, PtxLint.SharedBytes(shared.Replace("{0}", "1024", StringComparison.Ordinal)));
        var module = shared.Replace("{0}", "49152", StringComparison.Ordinal) + Module("ret;");
        Assert.Contains("49216 bytes of static shared memory", Assert.Single(PtxLint.Check(module)));
    }

    [Fact]
    public void VectorAccessesAreCounted()
    {
        var module = Module("""
            ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
            ld.global.f32 %f5, [%rd1];
            st.global.v4.f32 [%rd1], {%f1, %f2, %f3, %f5};
            ret;
            """);
        Assert.Equal(2, PtxLint.VectorAccesses(module));
        Assert.Equal(1, PtxLint.ScalarAccesses(module));
    }

    private static void Clean(string body) => Assert.Empty(PtxLint.Check(Module(body)));

    private static void Violation(string text, string body) =>
        Assert.Contains(PtxLint.Check(Module(body)), violation => violation.Contains(text, StringComparison.Ordinal));

    private static void Check(bool differs, string body)
    {
        if (differs) Violation("uniform branch", body);
        else Clean(body);
    }

    // %r1 is the item of the thread, %r2 and %r3 are arguments, %rd1 is a pointer argument.
    private static string Module(string body) => $$"""
        //
        // like ILGPU's
        //
        .version 8.0
        .target sm_80
        .address_size 64

        .visible .entry Kernel_Run(
            .param .align 8 .b8 _kernel_1[16],
            .param .b32 _items_2
        )
        .maxntid 128, 1, 1
        {
            .reg .pred %p<9>;
            .reg .b32 %r<9>;
            ld.param.b64 %rd1, [_kernel_1];
            ld.param.b32 %r2, [_kernel_1+8];
            ld.param.b32 %r3, [_items_2];
            mov.b32 %r1, %tid.x;
        {{body}}
        }
        """;
}
