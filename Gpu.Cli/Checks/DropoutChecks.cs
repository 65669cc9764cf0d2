using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of dropout.</summary>
internal static class DropoutChecks
{
    internal const ulong Seed = 0x0123_4567_89AB_CDEF;

    [OperationCheck("dropout", 1)]
    public static void AgreesWithTheReference(Checker checker)
    {
        (int, float)[] cases = [(1, 0.5f), (15, 0.25f), (16, 0.5f), (17, 0.1f), (63, 0.5f), (64, 0.9f), (65, 0.5f), (130, 0f), (77, 1f), (1000, 0.3f)];
        foreach (var (count, probability) in cases)
        {
            var draw = checker.Next(0, 1000) - 500;
            var state = State(checker, draw);
            var (input, gradient) = (checker.Uniform(count), checker.Uniform(count));
            var keep = Mask(count, probability, Seed, draw);
            var scale = 1 / (1 - (double)probability);
            var x = checker.Upload(input);
            var output = checker.Output(count);
            Dropout.Forward(checker.Device, probability, Seed, state, x, output);
            checker.Compare("dropout forward", [.. input.Select((value, i) => keep[i] ? value * scale : 0)], output, 1e-6, shape: $"{count}");

            double[] expected = [.. gradient.Select((value, i) => keep[i] ? value * scale : 0)];
            var g = checker.Upload(gradient);
            Pool2dChecks.CheckGradient(checker, "dropout backward", $"{count}", input, expected, (target, gate, accumulate) =>
                Dropout.Backward(checker.Device, probability, Seed, state, g, target, gate, x, accumulate));

            Dropout.Forward(checker.Device, probability, Seed, state, x, x);
            Require.Equal(checker.Download(output), checker.Download(x));
        }
    }

    [OperationCheck("dropout of channels and samples", 5)]
    public static void WholeChannelsAndSamplesAgreeWithTheReference(Checker checker)
    {
        (DropoutShape, float)[] cases =
        [
            (new(1, 1, 1, DropoutUnit.Channel), 0.5f), (new(3, 9, 5, DropoutUnit.Channel), 0.4f), (new(2, 65, 17, DropoutUnit.Channel), 0.3f),
            (new(2, 130, 16, DropoutUnit.Channel), 0.5f), (new(4, 3, 3, DropoutUnit.Channel), 1f), (new(5, 9, 5, DropoutUnit.Sample), 0.5f),
            (new(6, 1, 33, DropoutUnit.Sample), 0.3f), (new(4, 70, 8, DropoutUnit.Sample), 0f),
        ];
        foreach (var (shape, probability) in cases)
        {
            var draw = checker.Next(0, 1000);
            var state = State(checker, draw);
            var (input, gradient) = (checker.Uniform(shape.Length), checker.Uniform(shape.Length));
            var scale = 1 / (1 - (double)probability);
            bool Keeps(int i)
            {
                var sample = i / (shape.Pixels * shape.Channels);
                return DropoutMask.KeepsTogether(
                    Seed, (uint)draw, shape.Unit == DropoutUnit.Sample ? sample : sample * shape.Channels + i % shape.Channels, probability);
            }

            var x = checker.Upload(input);
            var output = checker.Output(shape.Length);
            Dropout.ForwardShared(checker.Device, shape, probability, Seed, state, x, output);
            checker.Compare("shared dropout forward", [.. input.Select((value, i) => Keeps(i) ? value * scale : 0)], output, 1e-6, shape: $"{shape}");
            var g = checker.Upload(gradient);
            Pool2dChecks.CheckGradient(
                checker, "shared dropout backward", $"{shape}", input, [.. gradient.Select((value, i) => Keeps(i) ? value * scale : 0)],
                (target, gate, accumulate) => Dropout.BackwardShared(checker.Device, shape, probability, Seed, state, g, target, gate, x, accumulate));
            Dropout.ForwardShared(checker.Device, shape, probability, Seed, state, x, x);
            Require.Equal(checker.Download(output), checker.Download(x));
        }
    }

    internal static DeviceView State(Checker checker, int draw)
    {
        var words = new int[StepStateLayout.Words];
        words[StepStateLayout.Draw] = draw;
        return checker.Upload(words);
    }

    internal static bool[] Mask(int count, float probability, ulong seed, int draw) =>
        [.. Enumerable.Range(0, count).Select(element => DropoutMask.Keeps(seed, (uint)draw, element, probability))];
}
