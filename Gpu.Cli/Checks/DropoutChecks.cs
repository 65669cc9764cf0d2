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

    internal static DeviceView State(Checker checker, int draw)
    {
        var words = new int[StepStateLayout.Words];
        words[StepStateLayout.Draw] = draw;
        return checker.Upload(words);
    }

    internal static bool[] Mask(int count, float probability, ulong seed, int draw) =>
        [.. Enumerable.Range(0, count).Select(element => DropoutMask.Keeps(seed, (uint)draw, element, probability))];
}
