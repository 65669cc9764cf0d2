using Gpu.Kernels.Activations;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Reductions;

namespace Gpu.Kernels.Pooling;

/// <summary>Reductions of windows and the transpose of their sum, for pooling and for up-sampling.</summary>
internal static class PoolOperations
{
    // Pixels of an image before a group of threads is better than a thread a channel vector.
    private const int FewestPixels = 16;

    /// <summary>output = the largest value of each window of the input.</summary>
    public static void Maximum(IExecutor executor, Pool2dShape shape, DeviceView input, GradientTarget output)
    {
        if (shape.IsTwoByTwo) executor.Execute(new TwoByTwoOperation(shape, input, output.Gradient));
        else executor.Execute(new ReductionOperation<Identity, MaxReduction>(new Call(executor, shape, Average: false, Spread: false, input, output)));
    }

    /// <summary>output = the sums, or with <paramref name="average"/> the averages, of the windows of the input.</summary>
    public static void Sum(IExecutor executor, Pool2dShape shape, bool average, DeviceView input, GradientTarget output)
    {
        var call = new Call(executor, shape, average, Spread: false, input, output);
        ActivationDispatch.Call(output.Gate.Kind, ref call);
    }

    /// <summary>The transpose: every pixel gets the sum of the values of the windows that it lies in.</summary>
    public static void Spread(IExecutor executor, Pool2dShape shape, bool average, DeviceView windows, GradientTarget pixels)
    {
        var call = new Call(executor, shape, average, Spread: true, windows, pixels);
        ActivationDispatch.Call(pixels.Gate.Kind, ref call);
    }

    private readonly record struct Call(IExecutor Executor, Pool2dShape Shape, bool Average, bool Spread, DeviceView Source, GradientTarget Target)
        : IActivationCall
    {
        // Without padding both ways of counting are the same, and the constant factor is the cheaper one.
        public bool OverPixels =>
            Average && !Shape.CountPadding && (Shape.PaddingTop | Shape.PaddingLeft | Shape.PaddingBottom | Shape.PaddingRight) != 0;

        // Averages of whole images, of enough pixels to be shared.
        public bool IsImage =>
            Average && !OverPixels && Target.Gate.Kind == ActivationKind.Identity && !Target.Accumulate && Shape.InputHeight == Shape.WindowHeight
            && Shape.InputWidth == Shape.WindowWidth && Shape.OutputHeight * Shape.OutputWidth == 1 && Shape.WindowHeight * Shape.WindowWidth >= FewestPixels;

        public float Scale => Average && !OverPixels ? 1f / (Shape.WindowHeight * Shape.WindowWidth) : 1f;

        public void Invoke<TActivation>()
            where TActivation : struct, IActivation
        {
            if (Spread && OverPixels) Executor.Execute(new SpreadOperation<TActivation, InsidePoolWeight>(this));
            else if (Spread) Executor.Execute(new SpreadOperation<TActivation, EqualPoolWeight>(this));
            else Executor.Execute(new ReductionOperation<TActivation, SumReduction>(this));
        }
    }

    private readonly struct TwoByTwoOperation(Pool2dShape shape, DeviceView input, DeviceView output) : IOperation
    {
        public int Granularity => shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
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
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var shape = call.Shape;
            if (launcher.Groups is { } limits && call.IsImage)
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
                OverPixels = call.OverPixels ? 1 : 0,
            };
            launcher.Launch(kernel, kernel.Tiles.Items(rows), kernel.Tiles.Cost(TBackend.Width, 4 + 2 * shape.WindowHeight * shape.WindowWidth));
        }

        // The pixels of an image are shared by a group of threads.
        private void LaunchGroups<TBackend, TVector>(ILauncher<TBackend> launcher, GroupLimits limits)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
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

    private readonly struct SpreadOperation<TActivation, TWeight>(Call call) : IOperation
        where TActivation : struct, IActivation
        where TWeight : struct, IPoolWeight
    {
        public int Granularity => call.Shape.Channels;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, Backends.IVectorBackend<TBackend, TVector>
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
