using Gpu.Training.Data.Tables;
using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>Loads a data set by name or from a folder. The format of a folder is detected from its files.</summary>
public static class DatasetLoader
{
    /// <summary>Share of the images held out for testing if a folder has no test split.</summary>
    public const double DefaultHoldOut = 0.2;

    /// <summary>Seed of the test split and of the image order, for folders of image files.</summary>
    public const ulong DefaultSeed = 1;

    // Folders that archives and libraries of the field put the files in.
    private static readonly string[] UsualSubfolders =
    [
        "raw", "gzip", "MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST", "cifar-10-batches-bin", "cifar-100-binary", "data",
    ];

    /// <summary>
    /// Loads a data set. A name of the catalogue (<see cref="DatasetCatalog"/>) is looked up in the data folders (<see cref="DataFolders"/>); anything else
    /// is a folder with IDX files, CIFAR-10 binary batches, or one folder of images per class.
    /// </summary>
    /// <param name="nameOrFolder">A catalogue name, or the path of a folder.</param>
    /// <param name="holdOut">Share of the images held out for testing if a folder of images has no test split, between 0 and 1 (exclusive).</param>
    /// <param name="seed">Seed of the test split and of the image order, for folders of image files.</param>
    /// <param name="background">Background that transparent images are composited on; null for white.</param>
    /// <exception cref="DatasetNotFoundException">There is no such name or folder, or a known data set is not on this machine.</exception>
    /// <exception cref="DatasetException">The format of the folder is unknown, or a file in it is damaged.</exception>
    public static ImageDataset Load(string nameOrFolder, double holdOut = DefaultHoldOut, ulong seed = DefaultSeed, RgbColor? background = null) =>
        Load(nameOrFolder, DataFolders.SearchOrder(), holdOut, seed, background);

    /// <summary>
    /// Loads a table from a file (.csv, .tsv), a generated table by name (<see cref="TableGenerator"/>), or images as
    /// <see cref="Load(string, double, ulong, RgbColor?)"/>.
    /// </summary>
    /// <param name="source">A file, a name or a folder.</param>
    /// <param name="table">How to read a table; null for the defaults.</param>
    /// <param name="schema">The columns of a run, to load its table again; null for a new one.</param>
    /// <param name="background">Background that transparent images are composited on; null for white.</param>
    /// <param name="coarseLabels">Whether to use the 20 coarse labels of CIFAR-100, not the 100 fine ones.</param>
    /// <exception cref="DatasetNotFoundException">There is no such name, file or folder.</exception>
    /// <exception cref="DatasetException">The data cannot be read; the message says why.</exception>
    public static Dataset LoadAny(string source, TableOptions? table = null, TableSchema? schema = null, RgbColor? background = null, bool coarseLabels = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        if (TableGenerator.Names.Contains(source, StringComparer.OrdinalIgnoreCase))
        {
            var name = source.ToLowerInvariant();
            return schema is null
                ? TableFile.Parse(name, name, () => new StringReader(TableGenerator.Generate(name)), table ?? new TableOptions())
                : TableFile.Parse(name, name, () => new StringReader(TableGenerator.Generate(name)), schema);
        }

        if (!TableFile.HasTableExtension(source) || Directory.Exists(source))
            return Load(source, DataFolders.SearchOrder(), background: background, coarse: coarseLabels);
        if (!File.Exists(source))
            throw new DatasetNotFoundException($"There is no file '{source}'. Check the path of the table.");
        return schema is null ? TableFile.Load(source, table ?? new TableOptions()) : TableFile.Load(source, schema);
    }

    /// <summary>As the public method, with the folders that are searched for names.</summary>
    internal static ImageDataset Load(
        string nameOrFolder, IReadOnlyList<string> searchFolders, double holdOut = DefaultHoldOut, ulong seed = DefaultSeed, RgbColor? background = null,
        bool coarse = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrFolder);
        ArgumentNullException.ThrowIfNull(searchFolders);
        if (DatasetCatalog.Find(nameOrFolder) is { } entry)
        {
            var folder = searchFolders.Select(root => Path.Combine(root, entry.Name)).Append(nameOrFolder).FirstOrDefault(Directory.Exists);
            return folder is null ? throw NotHere(entry, searchFolders) : LoadFolder(folder, entry.Name, holdOut, seed, background, coarse);
        }

        if (Directory.Exists(nameOrFolder))
            return LoadFolder(nameOrFolder, new DirectoryInfo(nameOrFolder).Name, holdOut, seed, background, coarse);
        // FOLDER/emnist-letters: one of several sets of IDX files in a folder.
        if (Path.GetDirectoryName(nameOrFolder) is { Length: > 0 } parent && Directory.Exists(parent)
            && IdxFolder.TryLoad(parent, Path.GetFileName(nameOrFolder), Path.GetFileName(nameOrFolder)) is { } oneOfSeveral)
            return oneOfSeveral;
        if (File.Exists(nameOrFolder))
        {
            throw new DatasetNotFoundException(
                $"'{nameOrFolder}' is a file, but a data set is a folder, a table (.csv, .tsv) or one of the names {Names()}. "
                + "Unpack it if it is an archive, and give the folder "
                + "that it is in.");
        }

        var nearest = NearestName.Find(nameOrFolder, AllNames());
        throw new DatasetNotFoundException(
            $"There is no data set and no folder '{nameOrFolder}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Known names: {Names()}.");
    }

    private static ImageDataset LoadFolder(string folder, string name, double holdOut, ulong seed, RgbColor? background, bool coarse)
    {
        try
        {
            // Archives often unpack into a folder of their own (cifar-10-batches-bin, MNIST/raw). Follow the only entry, or a usual name.
            var current = folder;
            for (var depth = 0; depth < 3; depth++)
            {
                if (IdxFolder.TryLoad(current, name) is { } idx)
                    return idx;
                if (CifarFolder.TryLoad(current, name) is { } cifar)
                    return cifar;
                if (CifarFolder.TryLoad100(current, name, coarse) is { } cifar100)
                    return cifar100;
                if (ParquetFolder.TryLoad(current, name, holdOut, seed, background, coarse) is { } parquet)
                    return parquet;
                if (ImageFolder.TryLoad(current, name, holdOut, seed, background) is { } images)
                    return images;
                var entries = Directory.GetFileSystemEntries(current);
                var next = entries.Length == 1 && Directory.Exists(entries[0])
                    ? entries[0]
                    : UsualSubfolders.Select(folderName => Path.Combine(current, folderName)).FirstOrDefault(Directory.Exists);
                if (next is null)
                    break;
                current = next;
            }

            throw NotUnderstood(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The folder '{folder}' cannot be read: {e.Message}", e);
        }
    }

    private static DatasetException NotUnderstood(string folder)
    {
        const int Most = 10;
        var names = Directory.GetFileSystemEntries(folder)
            .Select(entry => Path.GetFileName(entry) + (Directory.Exists(entry) ? "/" : ""))
            .Order(StringComparer.Ordinal)
            .ToArray();
        var found = names.Length == 0 ? "nothing" : string.Join(", ", names.Take(Most)) + (names.Length > Most ? $" and {names.Length - Most} more" : "");
        return new DatasetException(
            $"The folder '{folder}' holds no data set in a known format. Found: {found}. Known formats: "
            + "IDX files (train-images*, train-labels*, t10k-images* or test-images*, t10k-labels* or test-labels*; plain or .gz); "
            + "CIFAR-10 binary batches (data_batch_1.bin to data_batch_5.bin, test_batch.bin, batches.meta.txt) or CIFAR-100 (train.bin, test.bin); "
            + "Parquet files (train-*.parquet, test-*.parquet); "
            + "or one folder of images per class (train/<class>/* and test/<class>/*, or <class>/* alone). Arrange the files in one of these ways, or give "
            + "another folder.");
    }

    private static DatasetNotFoundException NotHere(DatasetCatalogEntry entry, IReadOnlyList<string> searchFolders)
    {
        var places = string.Join(", ", searchFolders.Select(root => $"'{Path.Combine(root, entry.Name)}'"));
        if (entry.IsBundled)
        {
            return new DatasetNotFoundException(
                $"The bundled data set '{entry.Name}' is missing; looked in {places}. Build or install the program again, or write it anew with "
                + $"'gputrainer data generate {entry.Name} --seed 1'.");
        }

        return new DatasetNotFoundException(
            $"The data set '{entry.Name}' ({entry.Description}) is not on this machine; looked in {places}. Download it with 'gputrainer data get "
            + $"{entry.Name}', or {string.Join(", ", entry.Downloads)} into '{Path.Combine(searchFolders[^1], entry.Name)}', or give the folder that "
            + "has the files.");
    }

    private static IEnumerable<string> AllNames() => DatasetCatalog.Entries.Select(entry => entry.Name).Concat(TableGenerator.Names);

    private static string Names() => string.Join(", ", AllNames());
}
