using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Gpu.Tests.HostRuntime;

/// <summary>What kernels and host code may rely on, with ILGPU and with its stand-in alike.</summary>
public sealed class DeviceSemanticsTests : IDisposable
{
    private readonly Context _context = Context.Create(builder => builder.CPU(CPUDevice.Nvidia).Profiling().EnableAlgorithms());
    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _stream;

    public DeviceSemanticsTests()
    {
        _accelerator = _context.CreateCPUAccelerator(0);
        _stream = _accelerator.CreateStream();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    [Fact]
    public void A_struct_kernel_runs_once_for_each_item()
    {
        using var input = _accelerator.Allocate1D(Enumerable.Range(0, 40).Select(i => (float)i).ToArray());
        using var output = _accelerator.Allocate1D<float>(40);
        output.MemSetToZero();
        var launch = _accelerator.LoadKernel<ScaleQuads, int>(DeviceKernels.Entry<ScaleQuads>);

        launch(_stream, new KernelConfig(2, 6), new ScaleQuads { Input = input.View, Output = output.View, Factor = 3 }, 9);
        _stream.Synchronize();

        Assert.Equal(Enumerable.Range(0, 40).Select(i => i < 36 ? i * 3f : 0), output.GetAsArray1D());
    }

    [Fact]
    public void An_implicitly_grouped_kernel_runs_once_for_each_index()
    {
        using var x = _accelerator.Allocate1D(new[] { 1f, 2f, 3f });
        using var y = _accelerator.Allocate1D(new[] { 10f, 20f, 30f });
        var launch = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView1D<float, Stride1D.Dense>, float>(DeviceKernels.Saxpy);

        launch(x.IntExtent, x.View, y.View, 2);
        _accelerator.Synchronize();

        Assert.Equal([12, 24, 36], y.GetAsArray1D());
    }

    [Fact]
    public void A_tree_in_shared_memory_sums_each_group()
    {
        var values = Enumerable.Range(0, 192).Select(i => (float)(i % 7)).ToArray();
        using var input = _accelerator.Allocate1D(values);
        using var sums = _accelerator.Allocate1D<float>(3);
        var launch = _accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>>(DeviceKernels.TreeSum);

        launch((3, 64), input.View, sums.View);
        _accelerator.Synchronize();

        Assert.Equal([values[..64].Sum(), values[64..128].Sum(), values[128..].Sum()], sums.GetAsArray1D());
    }

    [Fact]
    public void Tiles_in_shared_memory_transpose_a_matrix()
    {
        const int Rows = 13, Columns = 19, Tile = DeviceKernels.TileSize;
        var matrix = Enumerable.Range(0, Rows * Columns).Select(i => (float)i).ToArray();
        using var input = _accelerator.Allocate1D(matrix);
        using var output = _accelerator.Allocate1D<float>(matrix.Length);
        var launch = _accelerator.LoadKernel<ArrayView<float>, ArrayView<float>, int, int>(DeviceKernels.Transpose);

        launch(_stream, (new Index2D((Columns + Tile - 1) / Tile, (Rows + Tile - 1) / Tile), new Index2D(Tile, Tile)), input.View, output.View, Rows, Columns);
        _stream.Synchronize();

        var result = output.GetAsArray1D(_stream);
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
                Assert.Equal(matrix[row * Columns + column], result[column * Rows + row]);
        }
    }

    [Fact]
    public void Dynamic_shared_memory_has_the_size_of_the_launch()
    {
        using var data = _accelerator.Allocate1D(Enumerable.Range(0, 24).ToArray());
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.ReverseDynamic);

        launch(new KernelConfig(2, 12, SharedMemoryConfig.RequestDynamic<int>(12)), data.View);
        _accelerator.Synchronize();

        Assert.Equal(Enumerable.Range(0, 12).Reverse().Concat(Enumerable.Range(12, 12).Reverse()), data.GetAsArray1D());
    }

    [Fact]
    public void Atomics_lose_no_update_between_groups()
    {
        var values = Enumerable.Range(0, 640).Select(i => i % 100 - 50).ToArray();
        using var input = _accelerator.Allocate1D(values);
        using var integers = _accelerator.Allocate1D<int>(4);
        using var singles = _accelerator.Allocate1D<float>(2);
        integers.MemSetToZero(_stream);
        singles.MemSetToZero(_stream);
        var launch = _accelerator.LoadKernel<ArrayView<int>, ArrayView<int>, ArrayView<float>>(DeviceKernels.AtomicSums);

        launch(_stream, new KernelConfig(20, 32), input.View, integers.View, singles.View);
        _stream.Synchronize();

        Assert.Equal([values.Sum(), 49, -50, 0xFFFF], integers.GetAsArray1D());
        Assert.Equal([values.Sum(), 49], singles.GetAsArray1D());
    }

    [Fact]
    public void Shuffles_and_reductions_exchange_values_of_a_warp()
    {
        using var results = _accelerator.Allocate1D<int>(32 * 5);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.Shuffles);

        launch((1, 32), results.View);
        _accelerator.Synchronize();

        var rows = results.GetAsArray1D().Chunk(5).ToArray();
        for (var lane = 0; lane < 32; lane++)
            Assert.Equal([(lane + 1) % 32 * 10, (lane ^ 5) * 10, 70, 31 * 32 / 2, 31], rows[lane]);
    }

    [Fact]
    public void Barriers_can_vote_and_broadcast()
    {
        using var results = _accelerator.Allocate1D<int>(32);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.Votes);

        launch((1, 32), results.View);
        _accelerator.Synchronize();

        Assert.All(results.GetAsArray1D(), value => Assert.Equal(16 + 100 + 1000 + 60000, value));
    }

    [Fact]
    public void Threads_know_their_place_in_three_dimensions()
    {
        Index3D grid = (2, 3, 2), group = (3, 2, 2);
        using var results = _accelerator.Allocate1D<int>(grid.Size * group.Size);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.Positions);

        launch((grid, group), results.View);
        _accelerator.Synchronize();

        var actual = results.GetAsArray1D();
        for (var z = 0; z < 4; z++)
        {
            for (var y = 0; y < 6; y++)
            {
                for (var x = 0; x < 6; x++)
                {
                    var thread = x % 3 + 3 * (y % 2 + 2 * (z % 2));
                    var groupIndex = x / 3 + 2 * (y / 2 + 3 * (z / 2));
                    Assert.Equal((groupIndex * 12 + thread) * 100 + thread, actual[(z * 6 + y) * 6 + x]);
                }
            }
        }
    }

    [Fact]
    public void Local_memory_belongs_to_one_thread()
    {
        using var results = _accelerator.Allocate1D<int>(16);
        var launch = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.LocalSquares);

        launch((1, 16), results.View);
        _accelerator.Synchronize();

        Assert.Equal(Enumerable.Range(0, 16).Select(t => Enumerable.Range(t, 4).Sum(i => i * i)), results.GetAsArray1D());
    }

    [Fact]
    public void Sub_views_and_casts_see_the_same_memory()
    {
        using var buffer = _accelerator.Allocate1D(Enumerable.Range(0, 16).Select(i => (float)i).ToArray());
        ArrayView<float> view = buffer.View;

        var part = view.SubView(4, 8);
        var quads = part.Cast<Quad>();

        Assert.Equal(8, part.Length);
        Assert.Equal(2, quads.IntLength);
        Assert.Equal((8, 11), (quads[1].A, quads[1].D));
        Assert.Equal(12, view.SubView(12)[0]);
        Assert.Equal(5, view.SubView(4, 4).SubView(1L, 2L).Length + 3);
        part[1] = -1;
        Assert.Equal(-1, buffer.GetAsArray1D()[5]);
        Assert.Equal((0, false), (default(ArrayView<float>).Length, default(ArrayView<float>).IsValid));
        Assert.Equal(Interop.FloatAsInt(-1f), part.Cast<uint>()[1]);
    }

    [Fact]
    public void Copies_move_what_they_say()
    {
        using var a = _accelerator.Allocate1D<int>(6);
        using var b = _accelerator.Allocate1D<int>(6);
        a.View.CopyFromCPU(_stream, [1, 2, 3, 4, 5, 6]);
        b.MemSetToZero(_stream);
        a.View.SubView(2, 3).CopyTo(_stream, b.View.SubView(1, 3));
        var part = new int[3];
        b.View.BaseView.SubView(1, 3).CopyToCPU(_stream, part);
        Assert.Equal([3, 4, 5], part);

        ReadOnlySpan<int> source = [7, 8];
        a.View.BaseView.CopyFromCPU(_stream, source);
        Span<int> target = stackalloc int[3];
        a.View.BaseView.CopyToCPU(_stream, target);
        Assert.Equal([7, 8, 3], target.ToArray());

        b.CopyFromCPU([9, 9, 9, 9, 9, 9]);
        b.View.CopyFrom(_stream, a.View);
        Assert.Equal([7, 8, 3, 4, 5, 6], b.GetAsArray1D());

        using var locked = _accelerator.AllocatePageLocked1D<int>(6);
        locked.Span[2] = 42;
        a.View.CopyFromPageLockedAsync(_stream, locked);
        _stream.Synchronize();
        Assert.Equal([0, 0, 42, 0, 0, 0], a.GetAsArray1D());

        a.View.MemSet(_stream, 0xFF);
        Assert.All(a.GetAsArray1D(), value => Assert.Equal(-1, value));
        Assert.Throws<ArgumentOutOfRangeException>(() => a.View.CopyFromCPU(new int[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => a.View.CopyToCPU(new int[7]));
    }

    [Fact]
    public void An_empty_launch_is_refused()
    {
        using var data = _accelerator.Allocate1D<int>(4);
        var grouped = _accelerator.LoadStreamKernel<ArrayView<int>>(DeviceKernels.LocalSquares);
        var automatic = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView1D<float, Stride1D.Dense>, float>(DeviceKernels.Saxpy);

        Assert.Throws<ArgumentOutOfRangeException>(() => grouped((0, 16), data.View));
        Assert.Throws<ArgumentOutOfRangeException>(() => automatic(0, default, default, 1));
    }

    [Fact]
    public void Profiling_markers_measure_time()
    {
        using var start = _stream.AddProfilingMarker();
        Thread.Sleep(20);
        using var end = _stream.AddProfilingMarker();
        end.Synchronize();

        Assert.InRange((end - start).TotalMilliseconds, 15, 5000);
    }

    [Fact]
    public void Indices_convert_and_compute()
    {
        Index1D index = 7;
        LongIndex1D wide = index;
        Index2D plane = (3, 4);
        Index3D space = new(plane, 5);

        int next = index + 1, twice = index * 2;
        Assert.Equal((8, 14, 7L), (next, twice, wide.X));
        Assert.Equal((12, 60), (plane.Size, space.Size));
        Assert.True((plane + Index2D.One).Equals(new Index2D(4, 5)));
        Assert.True(new Index2D(2, 3).InBounds(plane) && !new Index2D(3, 0).InBounds(plane));
        KernelConfig config = (2, 64);
        Assert.Equal((2, 64, 128), (config.GridDim.X, config.GroupDim.X, config.Size));
    }
}
