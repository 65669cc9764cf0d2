using Gpu.Cli.Output;
using Gpu.Training.Data;

namespace Gpu.Cli.Commands;

/// <summary>Warns of data sets that mislead training or evaluation.</summary>
internal static class ClassCounts
{
    private const int Unbalanced = 10;
    private const int MostNamed = 20;

    /// <summary>Warns if a class has ten times the training images of another one, or no test images.</summary>
    public static void Check(ImageDataset data, Reporter reporter)
    {
        var (train, test) = (data.Train.CountPerClass(data.Classes), data.Test.CountPerClass(data.Classes));
        if (train.Max() >= Unbalanced * train.Min())
        {
            var order = Enumerable.Range(0, data.Classes).OrderByDescending(label => train[label]).ToArray();
            var named = order.Length <= MostNamed ? order : [.. order[..(MostNamed / 2)], .. order[^(MostNamed / 2)..]];
            var counts = string.Join(", ", named.Select(label => $"{data.ClassNames[label]} {Units.Count(train[label])}"));
            var between = named.Length < order.Length ? $" and {order.Length - named.Length} between" : "";
            reporter.Warn(
                $"The classes have very different numbers of training images: {counts}{between}. "
                + "Look at balanced accuracy and macro-F1 in 'eval', not at the accuracy alone.");
        }

        var untested = Enumerable.Range(0, data.Classes).Where(label => test[label] == 0).Select(label => data.ClassNames[label]).ToArray();
        if (untested.Length > 0)
        {
            var more = untested.Length > MostNamed ? $" and {untested.Length - MostNamed} more" : "";
            reporter.Warn($"No test images of {string.Join(", ", untested.Take(MostNamed))}{more}: "
                + "the test accuracy says nothing about these classes.");
        }
    }
}
