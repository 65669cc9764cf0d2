#if !HAS_ILGPU
using System.Diagnostics;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Gpu.Tests.HostRuntime;

/// <summary>The mistakes that the simulator finds and a GPU does not.</summary>
public sealed class SimulatorChecksTests : IDisposable
{
    private readonly Context _context = Context.Create(builder => builder.AllAccelerators().EnableAlgorithms());
    private readonly Accelerator _accelerator;

    public SimulatorChecksTests() => _accelerator = _context.GetPreferredDevice(preferCPU: false).CreateAccelerator(_context);

    public void Dispose()
    {
        _accelerator.Dispose();
        _context.Dispose();
    }

    [Fact]
    public void An_index_outside_a_view_names_index_length_and_element_type()
    {
        using var input = _accelerator.Allocate1D<float>(40);
        using var output = _accelerator.Allocate1D<float>(40);
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>>(SimulatorKernels.ReadBehindTheEnd);

        var fault = Assert.Throws<KernelFaultException>(() => launch((5, 8), input.View, output.View));

        Assert.IsType<IndexOutOfRangeException>(fault.InnerException);
        Assert.Contains("Index 40 is outside an ArrayView<Single> of length 40", fault.Message);
        Assert.Contains("SimulatorKernels.ReadBehindTheEnd", fault.Message);
        Assert.Contains("grid index (4, 0, 0), group index (7, 0, 0)", fault.Message);
        Assert.Equal((4, 7), (fault.GridIndex.X, fault.GroupIndex.X));
        Assert.Throws<IndexOutOfRangeException>(() => input.View[40]);
        Assert.Throws<IndexOutOfRangeException>(() => input.View[-1]);
        Assert.Throws<IndexOutOfRangeException>(() => default(ArrayView<int>)[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => input.View.BaseView.SubView(38, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => input.View.BaseView.SubView(long.MaxValue, long.MaxValue));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(63)]
    public void A_barrier_that_some_threads_never_reach_is_an_error(int active)
    {
        using var data = _accelerator.Allocate1D<float>(64);
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>, int>(SimulatorKernels.EarlyReturn);
        if (active == 0)
        {
            launch((1, 64), data.View, active);
            return;
        }

        var fault = Assert.Throws<KernelFaultException>(() => launch((1, 64), data.View, active));

        Assert.Contains("Kernel SimulatorKernels.EarlyReturn", fault.Message);
        Assert.Contains($"{active} of the 64 threads of a group came to Group.Barrier (EarlyReturn, line", fault.Message);
    }

    [Fact]
    public void Threads_at_different_barriers_are_an_error()
    {
        using var data = _accelerator.Allocate1D<float>(64);
        var different = _accelerator.LoadStreamKernel<ArrayView<float>>(SimulatorKernels.DifferentBarriers);
        var unequal = _accelerator.LoadStreamKernel<ArrayView<float>>(SimulatorKernels.UnequalCounts);

        Assert.Contains("wait at different operations", Assert.Throws<KernelFaultException>(() => different((1, 64), data.View)).Message);
        Assert.Contains("another one has finished without", Assert.Throws<KernelFaultException>(() => unequal((1, 64), data.View)).Message);
        different((1, 1), data.View);
        unequal((1, 8), data.View);
        Assert.Equal(0, data.GetAsArray1D()[7]);
    }

    [Fact]
    public void Threads_that_wait_for_each_other_are_an_error_and_not_a_hang()
    {
        using var data = _accelerator.Allocate1D<int>(64);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.WarpAgainstGroup);

        var fault = Assert.Throws<KernelFaultException>(() => launch((1, 32), data.View));

        Assert.Contains("31 of 32 at Warp.Shuffle", fault.Message);
        Assert.Contains("wait for each other forever", fault.Message);
    }

    [Fact]
    public void Memory_that_nobody_wrote_reads_as_NaN()
    {
        using var results = _accelerator.Allocate1D<float>(32);
        Assert.All(results.GetAsArray1D(), value => Assert.Equal(float.NaN, value));
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>>(SimulatorKernels.ReadUnwritten);

        launch((4, 8), results.View);

        Assert.Equal(Enumerable.Range(0, 32).Select(i => i % 8 == 0 ? 1 : float.NaN), results.GetAsArray1D());
    }

    [Fact]
    public void Shared_memory_has_the_limit_of_a_GPU()
    {
        using var bytes = _accelerator.Allocate1D<byte>(1);
        using var data = _accelerator.Allocate1D<float>(8);
        var tooMuch = _accelerator.LoadStreamKernel<ArrayView<byte>>(SimulatorKernels.TooMuchShared);
        var condition = _accelerator.LoadStreamKernel<ArrayView<float>>(SimulatorKernels.SharedInCondition);
        var missing = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.ReverseDynamic);
        var implicitly = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(SimulatorKernels.SharedWithoutGroups);

        Assert.Contains("57344 bytes of shared memory in a group, but a group has 49152",
            Assert.Throws<KernelFaultException>(() => tooMuch((1, 1), bytes.View)).Message);
        Assert.Throws<NotSupportedException>(() => tooMuch((1, 1, SharedMemoryConfig.RequestDynamic<byte>(49153)), bytes.View));
        Assert.Contains("allocate different shared memory", Assert.Throws<KernelFaultException>(() => condition((1, 8), data.View)).Message);
        Assert.Contains("no dynamic shared memory", Assert.Throws<KernelFaultException>(() => missing((1, 8), default)).Message);
        Assert.Contains("explicitly grouped", Assert.Throws<KernelFaultException>(() => implicitly(8, data.View)).Message);
    }

    [Fact]
    public void A_cast_that_a_GPU_cannot_load_is_an_error()
    {
        using var data = _accelerator.Allocate1D<float>(16);
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>, int>(SimulatorKernels.MisalignedCast);

        launch((1, 1), data.View, 4);
        var fault = Assert.Throws<KernelFaultException>(() => launch((1, 1), data.View, 3));

        Assert.Contains("at byte 12 of its buffer cannot be cast to Quad: a GPU needs it at a multiple of 16 bytes", fault.Message);
    }

    [Fact]
    public void The_first_failing_group_is_reported_whatever_runs_in_parallel()
    {
        using var data = _accelerator.Allocate1D<int>(1);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>, int, int>(SimulatorKernels.FailInGroup);

        for (var repetition = 0; repetition < 50; repetition++)
        {
            var fault = Assert.Throws<KernelFaultException>(() => launch((100, 4), data.View, 60, 35));
            Assert.Equal((35, 0), (fault.GridIndex.X, fault.GroupIndex.X));
        }
    }

    [Fact]
    public void A_failure_ends_the_threads_that_wait_and_the_next_launch_works()
    {
        using var data = _accelerator.Allocate1D<int>(64);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.FailWhileOthersWait);

        for (var repetition = 0; repetition < 3; repetition++)
        {
            Assert.Equal(3, Assert.Throws<KernelFaultException>(() => launch((4, 64), data.View)).GroupIndex.X);
            launch((4, 3), data.View);
        }
    }

    [Fact]
    public void An_incomplete_warp_has_no_further_lanes()
    {
        using var results = _accelerator.Allocate1D<int>(44 * 6);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(SimulatorKernels.PartialWarp);

        launch((1, 44), results.View);

        var rows = results.GetAsArray1D().Chunk(6).ToArray();
        for (var thread = 0; thread < 44; thread++)
        {
            var lane = thread % 32;
            var lanes = thread < 32 ? 32 : 12;
            var down = lane + 4 >= 32 ? lane : lane + 4 < lanes ? lane + 4 : -1;
            var up = lane < 3 ? lane : lane - 3;
            var downInEight = lane % 8 + 3 >= 8 ? lane : lane + 3 < lanes ? lane + 3 : -1;
            Assert.Equal([down, up, downInEight, lane / 8 * 8 + 1, lane ^ 1, lane + 1], rows[thread]);
        }
    }

    [Fact]
    public void Reductions_are_only_defined_in_the_first_thread()
    {
        using var results = _accelerator.Allocate1D<float>(128);
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>>(SimulatorKernels.ReduceToFirst);

        launch((1, 64), results.View);

        var actual = results.GetAsArray1D();
        for (var thread = 0; thread < 64; thread++)
        {
            Assert.Equal(thread % 32 == 0 ? 32 : float.NaN, actual[thread * 2]);
            Assert.Equal(thread == 0 ? 5 : float.NaN, actual[thread * 2 + 1]);
        }
    }

    [Fact]
    public void The_threads_of_a_group_run_in_a_fixed_order()
    {
        int[]? first = null;
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>, ArrayView<int>>(SimulatorKernels.RecordOrder);
        for (var repetition = 0; repetition < 5; repetition++)
        {
            using var order = _accelerator.Allocate1D<int>(48 * 20);
            using var next = _accelerator.Allocate1D(new int[1]);
            launch((1, 48), order.View, next.View);
            var actual = order.GetAsArray1D();
            first ??= actual;
            Assert.Equal(first, actual);
            Assert.All(actual.GroupBy(thread => thread), visits => Assert.Equal(20, visits.Count()));
        }
    }

    [Fact]
    public void Launches_and_kernels_that_a_GPU_refuses_are_refused()
    {
        using var data = _accelerator.Allocate1D<float>(8);
        var captured = 3;
        var launch = _accelerator.LoadKernel<ArrayView<float>, int>(SimulatorKernels.Nothing, new KernelSpecialization(256, null));
        using var other = _context.CreateCPUAccelerator(0);

        Assert.Throws<NotSupportedException>(() => _accelerator.LoadStreamKernel<ArrayView<float>>(view => view[captured] = 1));
        Assert.Throws<NotSupportedException>(() => launch(_accelerator.DefaultStream, (1, 257), data.View, 8));
        Assert.Throws<NotSupportedException>(() => launch(_accelerator.DefaultStream, (new Index3D(1, 65536, 1), 1), data.View, 8));
        Assert.Throws<ArgumentException>(() => launch(other.DefaultStream, (1, 8), data.View, 8));
        Assert.Throws<InvalidOperationException>(() => Grid.GlobalIndex.X);
        Assert.Throws<ArgumentOutOfRangeException>(() => _accelerator.Allocate1D<float>(-1));
    }

    [Fact]
    public void A_view_of_a_disposed_buffer_is_an_error()
    {
        var data = _accelerator.Allocate1D<float>(8);
        var view = data.View;
        var accelerator = _context.CreateCPUAccelerator(0);
        var lost = accelerator.Allocate1D<float>(8);
        data.Dispose();
        accelerator.Dispose();

        Assert.Throws<ObjectDisposedException>(() => view[0]);
        Assert.Throws<ObjectDisposedException>(() => lost.View[0]);
        Assert.Throws<ObjectDisposedException>(() => accelerator.Allocate1D<float>(8));
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>, int>(SimulatorKernels.Nothing);
        Assert.IsType<ObjectDisposedException>(Assert.Throws<KernelFaultException>(() => launch((1, 8), view, 8)).InnerException);
    }

    [Fact]
    public void There_is_one_device_and_no_GPU()
    {
        Assert.Equal(AcceleratorType.CPU, Assert.Single(_context.Devices).AcceleratorType);
        Assert.Equal(0, _context.GetDevices<CudaDevice>().Count);
        Assert.Equal(0, _context.GetCLDevices().Count);
        Assert.False(_accelerator is CudaAccelerator or CLAccelerator);
        Assert.Contains("ILGPU package", Assert.Throws<ArgumentOutOfRangeException>(() => _context.CreateCudaAccelerator(0)).Message);
        Assert.Equal((32, 1024, 49152), (_accelerator.WarpSize, _accelerator.MaxNumThreadsPerGroup, _accelerator.MaxSharedMemoryPerGroup));
        Assert.Throws<NotSupportedException>(() => _accelerator.DefaultStream.AddProfilingMarker());
    }

    [Fact]
    public void A_large_group_can_wait_at_many_barriers()
    {
        using var input = _accelerator.Allocate1D(Enumerable.Repeat(1f, 64 * 64).ToArray());
        using var sums = _accelerator.Allocate1D<float>(64);
        using var data = _accelerator.Allocate1D<int>(1024);
        var trees = _accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>>(DeviceKernels.TreeSum);
        var squares = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.LocalSquares);

        trees((64, 64), input.View, sums.View);
        squares((1, 1024), data.View);

        Assert.All(sums.GetAsArray1D(), sum => Assert.Equal(64, sum));
        Assert.Equal(1023 * 1023 + 1024 * 1024 + 1025 * 1025 + 1026 * 1026, data.GetAsArray1D()[1023]);
    }

    [Fact]
    public void Threads_that_never_wait_are_cheap()
    {
        const int Items = 100_000;
        using var data = _accelerator.Allocate1D(new float[Items]);
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>, int>(SimulatorKernels.Nothing);
        var best = TimeSpan.MaxValue;
        for (var repetition = 0; repetition < 40; repetition++)
        {
            var start = Stopwatch.GetTimestamp();
            launch(((Items + 255) / 256, 256), data.View, Items);
            var elapsed = Stopwatch.GetElapsedTime(start);
            best = elapsed < best ? elapsed : best;
        }

        Assert.All(data.GetAsArray1D(), value => Assert.Equal(40, value));
        // Nanoseconds a thread: far above what it takes (about 20), far below what an operating-system thread each would.
        Assert.InRange(best.TotalNanoseconds / Items, 0, 500);
    }
}
#endif
