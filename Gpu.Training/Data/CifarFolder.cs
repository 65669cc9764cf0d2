namespace Gpu.Training.Data;

/// <summary>
/// Reads the binary version of CIFAR-10 (A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009). A record is a label byte and
/// 3 x 32 x 32 bytes in CHW order, which are converted to NHWC.
/// </summary>
internal static class CifarFolder
{
    private const int Side = 32;
    private const int Plane = Side * Side;
    private const int Record = 1 + (3 * Plane);
    private const string TestFile = "test_batch.bin";
    private const string NamesFile = "batches.meta.txt";

    private static readonly string[] TrainFiles = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];

    /// <summary>Loads the data set; null if the folder contains none of the batches.</summary>
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

    private static ImageSplit Read(string[] paths, int classes)
    {
        var counts = paths.Select(CountRecords).ToArray();
        var total = counts.Sum();
        if (total * 3 * Plane > Array.MaxLength)
            throw new DatasetException(
                $"The batches {string.Join(", ", paths.Select(path => $"'{path}'"))} have {total} images, more than fit in memory. Use fewer.");
        var pixels = new byte[total * 3 * Plane];
        var labels = new int[total];
        var record = new byte[Record];
        var image = 0;
        for (var part = 0; part < paths.Length; part++)
        {
            using var file = DatasetFile.Open(paths[part]);
            for (var i = 0; i < counts[part]; i++, image++)
            {
                file.Read(record, counts[part] * Record, $"{counts[part]} images");
                if (record[0] >= classes)
                {
                    throw new DatasetException(
                        $"Label {i} in '{paths[part]}' is {record[0]}, but there are {classes} classes (labels 0 to {classes - 1}). "
                        + "The file is damaged, or not CIFAR-10: download it again.");
                }

                labels[image] = record[0];
                var target = image * 3 * Plane;
                for (var pixel = 1; pixel <= Plane; pixel++)
                {
                    pixels[target++] = record[pixel];
                    pixels[target++] = record[pixel + Plane];
                    pixels[target++] = record[pixel + (2 * Plane)];
                }
            }
        }

        return new ImageSplit(pixels, labels, Side, Side, 3);
    }

    private static long CountRecords(string path)
    {
        var length = new FileInfo(path).Length;
        if (length == 0 || length % Record != 0)
        {
            throw new DatasetException(
                $"The file '{path}' has {length} bytes, but a CIFAR-10 batch is a positive multiple of {Record} (a label and 3 x 32 x 32 bytes per image). "
                + "It is truncated, or not the binary version: download it again.");
        }

        return length / Record;
    }
}
