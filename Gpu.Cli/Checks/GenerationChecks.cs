using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of the operations of generative networks: normal numbers, latent samples with their divergence, hinge losses.</summary>
internal static class GenerationChecks
{
    internal const ulong Seed = 0xFEDC_BA98_7654_3210;

    [OperationCheck("normal numbers", 101)]
    public static void NormalNumbersAgreeWithTheReference(Checker checker)
    {
        foreach (var count in new[] { 1, 15, 16, 17, 48, 63, 64, 65, 130, 1000 })
        {
            var draw = checker.Next(0, 100_000) - 50_000;
            var output = checker.Output(count);
            GaussianNoise.Fill(checker.Device, Seed, State(checker, draw), output);
            checker.Compare(
                "normal numbers", [.. Enumerable.Range(0, count).Select(e => NormalReference.Value(Seed, (uint)draw, 0, e))], output, 2e-6, 1, $"{count}");
        }
    }

    [OperationCheck("latent samples", 102)]
    public static void LatentSamplesAgreeWithTheReference(Checker checker)
    {
        foreach (var (batch, latent) in new[] { (1, 1), (3, 2), (2, 15), (5, 16), (3, 17), (2, 64), (2, 65), (3, 130) })
        {
            var shape = $"{batch} x {latent}";
            var draw = checker.Next(0, 1000);
            var state = State(checker, draw);
            var values = checker.Uniform(batch * 2 * latent, -2, 2);
            var statistics = checker.Upload(values);
            var counters = (latent + 63) / 64 * 16;
            double Mean(int n, int j) => values[n * 2 * latent + j];
            double Logarithm(int n, int j) => values[n * 2 * latent + latent + j];
            double Noise(int n, int j) => NormalReference.Value(Seed, (uint)draw, n * counters, j);
            double[] PerValue(Func<int, int, double> value) =>
                [.. Enumerable.Range(0, batch).SelectMany(n => Enumerable.Range(0, latent).Select(j => value(n, j)))];

            var (output, divergence) = (checker.Output(batch * latent), checker.Output(batch));
            LatentSample.Forward(checker.Device, batch, latent, Seed, state, statistics, output, divergence, hasNoise: true);
            checker.Compare("latent samples", PerValue((n, j) => Mean(n, j) + Math.Exp(Logarithm(n, j) / 2) * Noise(n, j)), output, 4e-6, 1, shape);
            double[] expected = [.. Enumerable.Range(0, batch).Select(n => Enumerable.Range(0, latent).Sum(j =>
                (Mean(n, j) * Mean(n, j) + Math.Exp(Logarithm(n, j)) - 1 - Logarithm(n, j)) / 2))];
            checker.Compare("divergence", expected, divergence, 4e-6, 1, shape);

            const float scale = 0.3f;
            var gradient = checker.Uniform(batch * latent);
            var result = checker.Output(batch * 2 * latent);
            LatentSample.Backward(checker.Device, batch, latent, Seed, state, statistics, scale, checker.Upload(gradient), result);
            var ofStatistics = Enumerable.Range(0, batch).SelectMany(n => Enumerable.Range(0, latent)
                .Select(j => gradient[n * latent + j] + scale * Mean(n, j)).Concat(Enumerable.Range(0, latent).Select(j =>
                    gradient[n * latent + j] * Noise(n, j) * Math.Exp(Logarithm(n, j) / 2) / 2 + scale * (Math.Exp(Logarithm(n, j)) - 1) / 2)));
            checker.Compare("latent samples backward", [.. ofStatistics], result, 4e-6, 1, shape);

            var (means, same) = (checker.Output(batch * latent), checker.Output(batch));
            LatentSample.Forward(checker.Device, batch, latent, Seed, state, statistics, means, same, hasNoise: false);
            checker.Compare("latent means", PerValue(Mean), means, 0, 1, shape);
            Require.Equal(checker.Download(divergence), checker.Download(same));

            var losses = checker.Uniform(batch);
            var sums = checker.Upload(losses);
            LatentSample.AddDivergence(checker.Device, batch, scale, divergence, sums);
            checker.Compare("loss with divergence", [.. losses.Select((loss, n) => loss + scale * expected[n])], sums, 4e-6, 1, shape);
        }
    }

    [OperationCheck("hinge losses", 103)]
    public static void HingeLossesAgreeWithTheReference(Checker checker)
    {
        foreach (var batch in new[] { 1, 2, 17, 64 })
        {
            var scores = checker.Uniform(batch, -3, 3);
            float[] targets = [.. checker.Labels(batch, 2).Select(label => (float)label)];
            var (losses, gradient) = (checker.Output(batch), checker.Output(batch));
            AdversarialLoss.HingeDiscriminator(checker.Device, batch, checker.Upload(scores), checker.Upload(targets), gradient, losses);
            double Sign(int i) => targets[i] > 0.5f ? 1 : -1;
            checker.Compare("hinge discriminator", [.. scores.Select((x, i) => Math.Max(0, 1 - Sign(i) * x))], losses, 1e-6, shape: $"{batch}");
            checker.Compare(
                "hinge discriminator gradient", [.. scores.Select((x, i) => Sign(i) * x < 1 ? -Sign(i) / batch : 0)], gradient, 1e-6, 1e-9, $"{batch}");

            AdversarialLoss.HingeGenerator(checker.Device, batch, checker.Upload(scores), gradient, losses);
            checker.Compare("hinge generator", [.. scores.Select(x => -(double)x)], losses, 0, shape: $"{batch}");
            checker.Compare("hinge generator gradient", [.. scores.Select(_ => -1.0 / batch)], gradient, 1e-6, 1e-9, $"{batch}");
        }
    }

    [OperationCheck("one-hot channels", 104)]
    public static void OneHotChannelsAgreeWithTheReference(Checker checker)
    {
        foreach (var (batch, pixels, classes, channels, first) in new[]
            { (1, 1, 1, 1, 0), (3, 1, 10, 74, 64), (2, 49, 10, 11, 1), (5, 4, 8, 12, 4), (2, 3, 17, 20, 3), (3, 5, 32, 64, 16) })
        {
            var labels = checker.Labels(batch, classes);
            var before = checker.Uniform(batch * pixels * channels);
            var output = checker.Upload(before);
            OneHot.Run(checker.Device, batch, pixels, classes, checker.Upload(labels), channels, first, output);
            var expected = before.Select((value, i) => i % channels - first is >= 0 and var number && number < classes
                ? number == labels[i / channels / pixels] ? 1 : 0 : (double)value);
            checker.Compare("one-hot channels", [.. expected], output, 0, shape: $"{batch} x {pixels} x {classes} of {channels} from {first}");
        }
    }

    private static DeviceView State(Checker checker, int draw)
    {
        var words = new int[StepStateLayout.Words];
        words[StepStateLayout.Draw] = draw;
        return checker.Upload(words);
    }
}
