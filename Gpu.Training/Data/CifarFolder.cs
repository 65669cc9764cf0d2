using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>
/// Reads the binary versions of CIFAR-10 and CIFAR-100 (A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009). A record is a label
/// byte (in CIFAR-100 a coarse and a fine one) and 3 x 32 x 32 bytes in CHW order, which are converted to NHWC.
/// </summary>
internal static class CifarFolder
{
    private const int Side = 32;
    private const int Plane = Side * Side;
    private const string FineTrainFile = "train.bin";
    private const string FineTestFile = "test.bin";
    private const string TestFile = "test_batch.bin";
    private const string NamesFile = "batches.meta.txt";

    private static readonly string[] TrainFiles = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];

    /// <summary>Number of coarse classes of CIFAR-100.</summary>
    public const int CoarseClasses = 20;

    /// <summary>Loads CIFAR-100; null if the folder does not contain its two files, train.bin and test.bin.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Name of the data set.</param>
    /// <param name="coarse">Whether to use the 20 coarse labels, not the 100 fine ones.</param>
    /// <exception cref="DatasetException">One of the files is missing or damaged.</exception>
    public static ImageDataset? TryLoad100(string folder, string name, bool coarse)
    {
        var (trainPath, testPath) = (Path.Combine(folder, FineTrainFile), Path.Combine(folder, FineTestFile));
        if (!File.Exists(trainPath) && !File.Exists(testPath))
            return null;
        if (!File.Exists(trainPath) || !File.Exists(testPath))
        {
            throw new DatasetException(
                $"The folder '{folder}' has only one of the files {FineTrainFile} and {FineTestFile} of CIFAR-100. Add the missing one.");
        }

        var namesPath = Path.Combine(folder, coarse ? "coarse_label_names.txt" : "fine_label_names.txt");
        string[] names = File.Exists(namesPath)
            ? ClassNameFile.Read(namesPath)
            : [.. Enumerable.Range(0, coarse ? CoarseClasses : 100).Select(label => label.ToString())];
        var (labelBytes, labelAt) = (2, coarse ? 0 : 1);
        return new ImageDataset(
            name, names, Read([trainPath], names.Length, labelBytes, labelAt), Read([testPath], names.Length, labelBytes, labelAt));
    }

    /// <summary>Loads CIFAR-10; null if the folder contains none of the batches.</summary>
    /// <exception cref="DatasetException">Some of the files are missing, or one is damaged.</exception>
    public static ImageDataset? TryLoad(string folder, string name)
    {
        var missing = TrainFiles.Append(TestFile).Where(file => !File.Exists(Path.Combine(folder, file))).ToArray();
        if (missing.Length == TrainFiles.Length + 1)
            return null;
        if (missing.Length > 0)
            throw new DatasetException(
                $"The folder '{folder}' has CIFAR-10 batches, but not all six: missing {string.Join(", ", missing)}. Add the missing files.");

        // Without a file of names, use the published class names.
        var namesPath = Path.Combine(folder, NamesFile);
        var names = File.Exists(namesPath) ? ClassNameFile.Read(namesPath) : DatasetCatalog.Find("cifar-10")!.ClassNames;
        var train = Read([.. TrainFiles.Select(file => Path.Combine(folder, file))], names.Count);
        var test = Read([Path.Combine(folder, TestFile)], names.Count);
        return new ImageDataset(name, names, train, test);
    }

    private static ImageSplit Read(string[] paths, int classes, int labelBytes = 1, int labelAt = 0)
    {
        var counts = paths.Select(path => CountRecords(path, labelBytes)).ToArray();
        var total = counts.Sum();
        if (total * 3 * Plane > Array.MaxLength)
            throw new DatasetException(
                $"The batches {string.Join(", ", paths.Select(path => $"'{path}'"))} have {total} images, more than fit in memory. Use fewer.");
        var pixels = new byte[total * 3 * Plane];
        var labels = new int[total];
        var record = new byte[labelBytes + (3 * Plane)];
        var image = 0;
        for (var part = 0; part < paths.Length; part++)
        {
            using var file = DatasetFile.Open(paths[part]);
            for (var i = 0; i < counts[part]; i++, image++)
            {
                file.Read(record, counts[part] * record.Length, $"{counts[part]} images");
                if (record[labelAt] >= classes)
                {
                    throw new DatasetException(
                        $"Label {i} in '{paths[part]}' is {record[labelAt]}, but there are {classes} classes (labels 0 to {classes - 1}). "
                        + "The file is damaged, or not CIFAR: download it again.");
                }

                labels[image] = record[labelAt];
                var target = image * 3 * Plane;
                for (var pixel = labelBytes; pixel < Plane + labelBytes; pixel++)
                {
                    pixels[target++] = record[pixel];
                    pixels[target++] = record[pixel + Plane];
                    pixels[target++] = record[pixel + (2 * Plane)];
                }
            }
        }

        return new ImageSplit(pixels, labels, Side, Side, 3);
    }

    private static long CountRecords(string path, int labelBytes)
    {
        var record = labelBytes + (3 * Plane);
        var length = RegularFile.Info(path).Length;
        if (length == 0 || length % record != 0)
        {
            throw new DatasetException(
                $"The file '{path}' has {length} bytes, but a CIFAR-{(labelBytes == 1 ? 10 : 100)} batch is a positive multiple of "
                + $"{record} ({(labelBytes == 1 ? "a label" : "two labels")} and 3 x 32 x 32 bytes per image). "
                + "It is truncated, or not the binary version: download it again.");
        }

        return length / record;
    }
}
