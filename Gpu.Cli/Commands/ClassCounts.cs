using Gpu.Cli.Output;
using Gpu.Training.Data;

namespace Gpu.Cli.Commands;

/// <summary>Warns of data sets that mislead training or evaluation.</summary>
internal static class ClassCounts
{
    private const int Unbalanced = 10;
    private const int MostNamed = 20;

    /// <summary>
    /// Warns of test and validation images that are copies of training images, and if a class has ten times the training images of another one, or no test
    /// images.
    /// </summary>
    public static void Check(Dataset data, Reporter reporter)
    {
        if (data is ImageDataset images) CheckCopies(images, reporter);
        if (data.Classes == 0) return;
        var (train, test) = (data.Train.CountPerClass(data.Classes), data.Test.CountPerClass(data.Classes));
        if (train.Max() >= Unbalanced * train.Min())
        {
            var order = Enumerable.Range(0, data.Classes).OrderByDescending(label => train[label]).ToArray();
            var named = order.Length <= MostNamed ? order : [.. order[..(MostNamed / 2)], .. order[^(MostNamed / 2)..]];
            var counts = string.Join(", ", named.Select(label => $"{data.ClassNames[label]} {Units.Count(train[label])}"));
            var between = named.Length < order.Length ? $" and {order.Length - named.Length} between" : "";
            reporter.Warn(
                $"The classes have very different numbers of training {data.Train.SampleNoun}: {counts}{between}. "
                + "Look at balanced accuracy and macro-F1 in 'eval', not at the accuracy alone.");
        }

        var untested = Enumerable.Range(0, data.Classes).Where(label => test[label] == 0).Select(label => data.ClassNames[label]).ToArray();
        if (untested.Length > 0)
            reporter.Warn($"No test {data.Test.SampleNoun} of {NameList.Join(untested, MostNamed)}: the test accuracy says nothing about these classes.");
    }

    private static void CheckCopies(ImageDataset data, Reporter reporter)
    {
        var train = Hashes(data.Train).GroupBy(file => file.Hash).ToDictionary(group => group.Key, group => group.First().Name);
        foreach (var (part, split) in new[] { ("test", data.Test), ("validation", data.Validation) })
        {
            var copies = split is null || ReferenceEquals(split, data.Train) ? [] : Hashes(split).Where(file => train.ContainsKey(file.Hash)).ToArray();
            if (copies.Length == 0) continue;
            var (image, verb) = copies.Length == 1 ? ("image is a byte-identical copy", "Remove it") : ("images are byte-identical copies", "Remove them");
            reporter.Warn(
                $"{Units.Count(copies.Length)} of {Units.Count(split!.Count)} {part} {image} of training images, such as {copies[0].Name} of "
                + $"{train[copies[0].Hash]}: the {part} result is too good. {verb}{(part == "test" ? "; 'eval' leaves copies out" : "")}.");
        }

        IEnumerable<(string Name, UInt128 Hash)> Hashes(ImageSplit split) =>
            (split.Names ?? []).Where(data.ContentHashes.ContainsKey).Select(name => (name, data.ContentHashes[name])).Order();
    }
}
