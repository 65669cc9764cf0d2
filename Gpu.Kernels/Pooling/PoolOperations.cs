using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Pooling;

/// <summary>Reductions over windows and the transpose of their sum, for pooling and upsampling.</summary>
internal static class PoolOperations
{
    // Global average pooling: with fewer pixels, one thread for each vector of channels is faster than a thread group.
    private const int MinGroupedPixels = 16;

    /// <summary>Computes the maximum of each window.</summary>
    public static void Maximum(IExecutor executor, Pool2dShape shape, DeviceView input, GradientTarget output)
    {
        if (shape.IsTwoByTwo) executor.Execute(new TwoByTwoOperation(shape, input, output.Gradient));
        else executor.Execute(new ReductionOperation<Identity, MaxReduction>(new Call(executor, shape, Average: false, Transposed: false, input, output)));
    }

    /// <summary>Computes the sum, or with <paramref name="average"/> the average, of each window.</summary>
    public static void Sum(IExecutor executor, Pool2dShape shape, bool average, DeviceView input, GradientTarget output)
    {
        var call = new Call(executor, shape, average, Transposed: false, input, output);
        ActivationDispatch.Call(output.Gate.Kind, ref call);
    }

    /// <summary>Computes the transpose of <see cref="Sum"/>: for each pixel, the sum of the values of the windows that contain it.</summary>
    public static void SumTransposed(IExecutor executor, Pool2dShape shape, bool average, DeviceView windows, GradientTarget pixels)
    {
        var call = new Call(executor, shape, average, Transposed: true, windows, pixels);
        ActivationDispatch.Call(pixels.Gate.Kind, ref call);
    }

    private readonly record struct Call(IExecutor Executor, Pool2dShape Shape, bool Average, bool Transposed, DeviceView Source, GradientTarget Target)
        : IActivationCall
    {
        // Without padding, both ways to count give the same result, and a constant factor is cheaper.
        public bool ExcludePadding =>
            Average && !Shape.CountPadding && (Shape.PaddingTop | Shape.PaddingLeft | Shape.PaddingBottom | Shape.PaddingRight) != 0;

        // Global average pooling with enough pixels for a thread group.
        public bool IsGlobalAverage =>
            Average && !ExcludePadding && Target.Gate.Kind == ActivationKind.Identity && !Target.Accumulate
            && Shape.InputHeight == Shape.WindowHeight && Shape.InputWidth == Shape.WindowWidth && Shape.OutputHeight * Shape.OutputWidth == 1
            && Shape.WindowHeight * Shape.WindowWidth >= MinGroupedPixels;

        public float Scale => Average && !ExcludePadding ? 1f / (Shape.WindowHeight * Shape.WindowWidth) : 1f;

        public void Invoke<TActivation>()
            where TActivation : struct, IActivation
        {
            if (Transposed && ExcludePadding) Executor.Execute(new SumTransposedOperation<TActivation, InsidePixelsPoolWeight>(this));
            else if (Transposed) Executor.Execute(new SumTransposedOperation<TActivation, UniformPoolWeight>(this));
            else Executor.Execute(new ReductionOperation<TActivation, SumReduction>(this));
        }
    }

    private readonly struct TwoByTwoOperation(Pool2dShape shape, DeviceView input, DeviceView output) : IOperation
    {
        public int Granularity => shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var rows = shape.Batch * shape.OutputHeight;
            var kernel = new MaxPoolForward2x2<TBackend, TVector>
            {
                Input = launcher.Bind(input),
                Output = launcher.Bind(output),
                Geometry = shape.Geometry,
                Tiles = RowTiles.For<TBackend, TVector>(rows, shape.OutputWidth, shape.Channels),
            };
            launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 12));
        }
    }

    private readonly struct ReductionOperation<TActivation, TReduction>(Call call) : IOperation
        where TActivation : struct, IActivation
        where TReduction : struct, IPoolReduction
    {
        public int Granularity => call.Shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var shape = call.Shape;
            if (launcher.Groups is { } limits && call.IsGlobalAverage)
            {
                LaunchGroups<TBackend, TVector>(launcher, limits);
                return;
            }

            var rows = shape.Batch * shape.OutputHeight;
            var kernel = new PoolForward<TBackend, TVector, TActivation, TReduction>
            {
                Input = launcher.Bind(call.Source),
                Output = call.Target.Bind<TBackend, TVector, TActivation>(launcher),
                Geometry = shape.Geometry,
                Tiles = RowTiles.For<TBackend, TVector>(rows, shape.OutputWidth, shape.Channels),
                Scale = call.Scale,
                ExcludePadding = call.ExcludePadding ? 1 : 0,
            };
            launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 4 + 2 * shape.WindowHeight * shape.WindowWidth));
        }

        // The threads of a group share the pixels of an image.
        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var shape = call.Shape;
            var pixels = shape.WindowHeight * shape.WindowWidth;
            var layout = ChannelGroups.ForChunks<TBackend, TVector>(shape.Batch, pixels, shape.Channels, GroupThreads.For(limits));
            var kernel = new GroupedChannelSum<TBackend, TVector>
            {
                Values = launcher.Bind(call.Source),
                Sums = launcher.Bind(call.Target.Gradient),
                Layout = layout,
                ValueStride = shape.Channels,
                SumStride = shape.Channels,
                Scale = call.Scale,
            };
            launcher.LaunchGroups(kernel, layout.Groups, layout.Threads);
        }
    }

    private readonly struct SumTransposedOperation<TActivation, TWeight>(Call call) : IOperation
        where TActivation : struct, IActivation
        where TWeight : struct, IPoolWeight
    {
        public int Granularity => call.Shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var shape = call.Shape;
            var rows = shape.Batch * shape.InputHeight;
            var kernel = new AvgPoolBackward<TBackend, TVector, TActivation, TWeight>
            {
                Windows = launcher.Bind(call.Source),
                Pixels = call.Target.Bind<TBackend, TVector, TActivation>(launcher),
                Geometry = shape.Geometry,
                Tiles = RowTiles.For<TBackend, TVector>(rows, shape.InputWidth, shape.Channels),
                Scale = call.Scale,
            };
            var windows = IntMath.DivRoundUp(shape.WindowHeight, shape.StrideHeight) * IntMath.DivRoundUp(shape.WindowWidth, shape.StrideWidth);
            launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 4 + 2 * windows));
        }
    }
}
