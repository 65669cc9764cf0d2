using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Devices;

// Subnormal numbers are slow on many processors. The tests check what the mode means, not what it costs.
public class FlushToZeroTests
{
    private const float Subnormal = 1e-39f;

    [FlushToZeroTheory]
    [InlineData(1, 512)]
    [InlineData(3, 512)]
    [InlineData(3, 256)]
    [InlineData(3, 128)]
    public void ProductsAndSumsOfSubnormalsAreZeroOnEveryThreadOfTheDevice(int threads, int vectorBits)
    {
        using var device = new CpuDevice(threads, vectorBits);
        using var recorded = device.Allocate(4 * 64);
        using var immediate = device.Allocate(4 * 64);
        var list = new CommandList(device);
        list.Execute(new Operation(recorded.View, threads));
        list.Run();
        device.Execute(new Operation(immediate.View, threads));

        foreach (var buffer in new[] { recorded, immediate })
        {
            var values = new float[4 * 64];
            device.Download<float>(buffer.View, values);
            for (var item = 0; item < threads; item++)
            {
                // The item ran: it wrote 1. Product of a small and a smaller number; sum of subnormals; product of a subnormal and a large number.
                Assert.Equal([1f, 0f, 0f, 0f], values.AsSpan(4 * item, 4).ToArray());
            }
        }
    }

    [Fact]
    public void TheModeOfTheCallingThreadIsUnchangedAfterALaunch()
    {
        using var device = new CpuDevice(2);
        using var buffer = device.Allocate(4 * 64);
        Assert.False(FlushToZero.IsActive());
        device.Execute(new Operation(buffer.View, 2));
        Assert.False(FlushToZero.IsActive());
        var list = new CommandList(device);
        list.Execute(new Operation(buffer.View, 2));
        using var step = new RecordedStep(device, list);
        step.Run();
        Assert.False(FlushToZero.IsActive());
    }

    [Fact]
    public void TheModeIsRestoredWhenAKernelThrows()
    {
        using var device = new CpuDevice(2);
        Assert.Throws<InvalidOperationException>(() => device.Execute(new ThrowingOperation()));
        Assert.False(FlushToZero.IsActive());
    }

    [FlushToZeroFact]
    public void ScopesNest()
    {
        using (FlushToZero.Enter())
        {
            using (FlushToZero.Enter()) Assert.True(FlushToZero.IsActive());
            Assert.True(FlushToZero.IsActive());
        }

        Assert.False(FlushToZero.IsActive());
    }

    [FlushToZeroFact]
    public void TheModeSurvivesAGarbageCollection()
    {
        using (FlushToZero.Enter())
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true);
            Assert.True(FlushToZero.IsActive());
        }
    }

    [Fact]
    public void ADeviceCreatedAndUsedInsideAScopeLeavesItsMode()
    {
        using (FlushToZero.Enter())
        {
            using var device = new CpuDevice(2);
            using var buffer = device.Allocate(4 * 64);
            device.Execute(new Operation(buffer.View, 2));
            Assert.Equal(FlushToZero.IsSupported, FlushToZero.IsActive());
        }

        Assert.False(FlushToZero.IsActive());
    }

    private readonly struct Operation(DeviceView results, int threads) : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged =>
            launcher.Launch(new Kernel<TBackend, TVector> { Results = launcher.Bind(results), Threads = threads }, threads, 1_000_000);
    }

    // An item waits until all threads are in one, so that each thread of the device runs one.
    private struct Kernel<TBackend, TVector> : IKernel
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged
    {
        public TBackend Results;
        public int Threads;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run(int item)
        {
            TBackend.StoreScalar(Results, 4 * item, 1f);
            for (var waiting = 0; waiting < 100_000_000 && !AllArrived(); waiting++)
            {
            }

            // Loaded values, so that the compiler cannot compute the results.
            TBackend.StoreScalar(Results, 4 * item + 1, TBackend.Sum(TBackend.Multiply(Value(1e-30f), Value(1e-10f))));
            TBackend.StoreScalar(Results, 4 * item + 2, TBackend.Sum(TBackend.Add(Value(Subnormal), Value(Subnormal))));
            TBackend.StoreScalar(Results, 4 * item + 3, TBackend.Sum(TBackend.Multiply(Value(Subnormal), Value(1e20f))));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static TVector Value(float value) => TBackend.Splat(value);

        private readonly bool AllArrived()
        {
            for (var other = 0; other < Threads; other++)
            {
                if (TBackend.LoadScalar(Results, 4 * other) == 0f) return false;
            }

            return true;
        }
    }

    private readonly struct ThrowingOperation : IOperation
    {
        public int Granularity => 1;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged => launcher.Launch(new ThrowingKernel(), 2, 1);
    }

    private struct ThrowingKernel : IKernel
    {
        public readonly void Run(int item) => throw new InvalidOperationException("on purpose");
    }
}

/// <summary>Skipped where the platform has no such mode.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FlushToZeroFactAttribute : FactAttribute
{
    public FlushToZeroFactAttribute()
    {
        if (!FlushToZero.IsSupported) Skip = "this platform offers no way to set the floating-point mode";
    }
}

/// <inheritdoc cref="FlushToZeroFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FlushToZeroTheoryAttribute : TheoryAttribute
{
    public FlushToZeroTheoryAttribute() => Skip = new FlushToZeroFactAttribute().Skip;
}
