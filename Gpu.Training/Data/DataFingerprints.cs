namespace Gpu.Training.Data;

/// <summary>What identifies the samples of each split of a data set; see <see cref="DataSplit.ComputeFingerprint"/>.</summary>
/// <param name="Train">Of the training split.</param>
/// <param name="Validation">Of the validation split; null if there is none.</param>
/// <param name="Test">Of the test split.</param>
internal sealed record DataFingerprints(string Train, string? Validation, string Test)
{
    /// <summary>Computes them, which reads all samples.</summary>
    public static DataFingerprints Of(Dataset data) =>
        new(data.Train.ComputeFingerprint(), data.Validation?.ComputeFingerprint(), data.Test.ComputeFingerprint());
}
