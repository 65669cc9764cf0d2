using System.Globalization;
using Gpu.Training.Loop;

namespace Gpu.Training.Generation;

/// <summary>Tells from the scores of the epochs that a generator no longer learns.</summary>
public static class Collapse
{
    // Samples of a generator that has learned the data vary about as much as the data; a discriminator that is level with it is right in 50 to 90 %.
    private const double LeastDiversity = 0.25, MostAccuracy = 0.995;
    private const int LongEpochs = 3;

    // A new generator learns the mean image first, so that its images vary by 3 to 15 % on digits for 100 to 200 steps; a collapsed one makes one image. Its
    // discriminator is ahead for some of these steps.
    private const double OneImage = 0.01;
    private const long FirstSteps = 300, FirstStepsOfDiscriminator = 100;

    /// <summary>What is wrong after the last of some epochs, and what can be done; null for nothing.</summary>
    /// <param name="reports">The epochs so far.</param>
    public static string? Describe(IReadOnlyList<EpochReport> reports)
    {
        ArgumentNullException.ThrowIfNull(reports);
        if (reports.Count == 0) return null;
        var last = reports[^1];
        if (Persists(report => report.Diversity < OneImage || (report.Diversity < LeastDiversity && report.Step >= FirstSteps)))
        {
            // Without a discriminator the generator is the decoder of a variational autoencoder.
            var advice = double.IsNaN(last.DiscriminatorAccuracy)
                ? "Train for more --epochs, or give a lower --kl-weight."
                : "The generator may have collapsed. Try a higher --discriminator-decay, a lower learning rate, or the other --loss.";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"The generated images have been almost alike for {LongEpochs} epochs: they vary by {last.Diversity:P0} of what the data varies. {advice}");
        }

        if (!Persists(report => report.DiscriminatorAccuracy > MostAccuracy && report.Step >= FirstStepsOfDiscriminator)) return null;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The discriminator has told {last.DiscriminatorAccuracy:P1} of the images right for {LongEpochs} epochs, so that the generator learns little "
            + $"from it. Try --discriminator-decay 1e-4, a lower --discriminator-lr, or --discriminator-spectral-norm 1.");

        bool Persists(Func<EpochReport, bool> isBad) => reports.Count >= LongEpochs && reports.TakeLast(LongEpochs).All(isBad);
    }
}
