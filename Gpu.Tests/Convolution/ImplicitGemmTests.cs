using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Convolution;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Convolution;

/// <summary>
/// The implicit-GEMM kernels with every tile size: the tile is chosen by the group size and the number of multiprocessors of the device, so simulated devices
/// with different limits reach all of them.
/// </summary>
public class ImplicitGemmTests
{
    // The tiles they lead to: 16x16 (small groups); 32x32 and split-K (too little work for 132 multiprocessors); 64x64 and 128x32 (128 threads); 128x128.
    private static readonly string[] DeviceNames =
    [
        TestDevices.Groups(4, 4, 1), TestDevices.Groups(32, 2, 132), TestDevices.Groups(32, 4, 1), TestDevices.Groups(32, 8, 1), TestDevices.Groups(32, 8, 40),
    ];

    public static TheoryData<string> Devices => [.. DeviceNames];

    [Theory]
    [MemberData(nameof(Devices))]
    public void AgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 21);
        foreach (var shape in Shapes) Conv2dChecks.Check(oracle, shape);
        // Few: on two cores, the barriers of 256 threads take most of the time. Other classes test more shapes.
        for (var i = 0; i < 2; i++) Conv2dChecks.Check(oracle, Conv2dShapes.Random(oracle) with { Groups = 1 });
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void TransposedAgreesWithTheReference(string device)
    {
        using var oracle = new Oracle(device, seed: 22);
        // Its kernels are those of the convolution, with forward and backward pass exchanged, so small shapes suffice.
        foreach (var shape in Shapes.Take(3)) Conv2dChecks.CheckTransposed(oracle, shape);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void ResultsAreReproducible(string device)
    {
        using var oracle = new Oracle(device, seed: 23);
        var shape = Make(2, 6, 7, 20, 36, 3) with { PaddingTop = 1, PaddingLeft = 1, StrideWidth = 2 };
        Assert.Equal(Run(oracle, shape, 23), Run(oracle, shape, 23));
    }

    [Fact]
    public void TheDevicesReachAllTilesAndSplitK()
    {
        var reached = new HashSet<string>();
        foreach (var device in DeviceNames)
        {
            using var oracle = new Oracle(device, seed: 24);
            foreach (var shape in Shapes)
            {
                var list = new CommandList(oracle.Device);
                var input = oracle.Output(shape.InputLength);
                var output = oracle.Output(shape.OutputLength);
                var weights = oracle.Output(shape.WeightLength);
                var workspace = oracle.Output(Conv2d.WorkspaceLength(shape));
                Conv2d.Forward(list, shape, input, weights, default, output, Activation.None, workspace);
                Conv2d.BackwardWeights(list, shape, input, output, weights, default, workspace);
                foreach (var command in list.Commands) reached.UnionWith(Parts(command.GetType()));
            }
        }

        Type[] expected =
        [
            typeof(Tile128x128), typeof(Tile64x64), typeof(Tile64x64Half), typeof(Tile128x32), typeof(Tile32x32), typeof(Tile16x16),
            typeof(SplitKEpilogue<,,>), typeof(SplitKReduce<,>), typeof(GroupedSplitKReduce<,>),
        ];
        Assert.Empty(expected.Select(type => type.Name).Except(reached));
        static IEnumerable<string> Parts(Type type) => type.GetGenericArguments().SelectMany(Parts).Append(type.Name);
    }

    // Sizes around every tile: below one tile, exactly one, and a little more; depths that are no multiple of 8; channels that are no multiple of 4.
    private static IEnumerable<Conv2dShape> Shapes
    {
        get
        {
            yield return Make(1, 1, 1, 1, 1, 1);
            yield return Make(2, 5, 7, 3, 5, 3) with { PaddingTop = 1, PaddingRight = 2 };
            yield return Make(1, 9, 9, 4, 8, 3) with { StrideHeight = 2, StrideWidth = 3, PaddingTop = 1, PaddingLeft = 1 };
            yield return Make(3, 6, 5, 12, 36, 3) with { PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1, DilationWidth = 2 };
            yield return Make(1, 7, 7, 4, 6, 2) with { StrideHeight = 3, StrideWidth = 3 };
            yield return Conv2dShape.Dense(1, 33, 10);
            yield return Conv2dShape.Dense(16, 64, 16);
            yield return Conv2dShape.Dense(17, 100, 65);
            yield return Conv2dShape.Dense(33, 31, 7);
            yield return Conv2dShape.Dense(129, 9, 132);
            yield return Conv2dShape.Dense(5, 260, 4);
            // A little less than 2x2 tiles of 128x128 in each pass.
            yield return Conv2dShape.Dense(255, 20, 252);
            yield return Conv2dShape.Dense(255, 252, 20);
            yield return Conv2dShape.Dense(12, 255, 252);
            yield return Make(2, 12, 12, 1, 8, 3);
            // Many pixels and few weights: the splits are summed by GroupedSplitKReduce.
            yield return Make(4, 14, 14, 1, 8, 3);
            yield return Make(6, 14, 13, 1, 5, 3);
        }
    }

    private static float[] Run(Oracle oracle, Conv2dShape shape, int seed)
    {
        var random = new Random(seed);
        var input = oracle.Upload(Values(shape.InputLength));
        var weights = oracle.Upload(Values(shape.WeightLength));
        var gradient = oracle.Upload(Values(shape.OutputLength));
        var workspace = oracle.Output(Conv2d.WorkspaceLength(shape));
        var output = oracle.Output(shape.OutputLength);
        var inputGradient = oracle.Output(shape.InputLength);
        var weightGradient = oracle.Upload(new float[shape.WeightLength]);
        var biasGradient = oracle.Upload(new float[shape.OutputChannels]);
        Conv2d.Forward(oracle.Device, shape, input, weights, default, output, Activation.None, workspace);
        Conv2d.BackwardData(oracle.Device, shape, gradient, weights, inputGradient, workspace);
        Conv2d.BackwardWeights(oracle.Device, shape, input, gradient, weightGradient, biasGradient, workspace);
        return [.. oracle.Download(output), .. oracle.Download(inputGradient), .. oracle.Download(weightGradient), .. oracle.Download(biasGradient)];

        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    private static Conv2dShape Make(int batch, int height, int width, int channels, int outputs, int kernel) =>
        Conv2dShapes.Make(batch, height, width, channels, outputs, kernel);
}
