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
    /// is a folder with IDX files, CIFAR binary batches, Parquet files, or one folder of images per class, or a Parquet file.
    /// </summary>
    /// <param name="nameOrFolder">A catalogue name, or the path of a folder or a Parquet file.</param>
    /// <param name="holdOut">Share of the images held out for testing if a folder of images has no test split, between 0 and 1 (exclusive).</param>
    /// <param name="seed">Seed of the test split and of the image order, for folders of image files.</param>
    /// <param name="background">Background that transparent images are composited on; null for white.</param>
    /// <exception cref="DatasetNotFoundException">There is no such name or folder, or a known data set is not on this machine.</exception>
    /// <exception cref="DatasetException">The format of the folder is unknown, or a file in it is damaged.</exception>
    public static ImageDataset Load(string nameOrFolder, double holdOut = DefaultHoldOut, ulong seed = DefaultSeed, RgbColor? background = null) =>
        Load(nameOrFolder, new DatasetOptions { HoldOut = holdOut, Seed = seed, Background = background ?? RgbColor.White });

    /// <summary>Loads a data set; see <see cref="Load(string, double, ulong, RgbColor?)"/>.</summary>
    /// <param name="nameOrFolder">A catalogue name, or the path of a folder or a Parquet file.</param>
    /// <param name="options">Resizing, classes, split and how faulty files are treated.</param>
    /// <exception cref="DatasetNotFoundException">There is no such name or folder, or a known data set is not on this machine.</exception>
    /// <exception cref="DatasetException">
    /// The format of the folder is unknown, a file in it is damaged, or a class is not among <see cref="DatasetOptions.ClassNames"/>.
    /// </exception>
    public static ImageDataset Load(string nameOrFolder, DatasetOptions options) => Load(nameOrFolder, DataFolders.SearchOrder(), options);

    /// <summary>Whether a data set is a table: a file (.csv, .tsv) or a generated table (<see cref="TableGenerator"/>).</summary>
    public static bool IsTable(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return TableGenerator.Has(source) || (TableFile.HasTableExtension(source) && !Directory.Exists(source));
    }

    /// <summary>Whether a data set has a mask for each image: a folder of images and masks, or generated shapes (<see cref="ShapesGenerator"/>).</summary>
    public static bool HasMasks(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return ShapesGenerator.Has(source) || (DatasetCatalog.Find(source) is null && Masks.MaskLayout.IsMaskFolder(source));
    }

    /// <summary>Loads a table from a file (.csv, .tsv), or a generated table by name.</summary>
    /// <param name="source">A file or a name.</param>
    /// <param name="options">How to read the table; null for the defaults.</param>
    /// <param name="schema">The columns of a run, to load its table again; null for a new one.</param>
    /// <param name="rows">The rows of the run, which keep their parts if the table has changed; null to draw all.</param>
    /// <param name="onlyRecorded">Whether rows that the run does not have are left out.</param>
    /// <exception cref="DatasetNotFoundException">There is no such file.</exception>
    /// <exception cref="DatasetException">The table cannot be read; the message says why.</exception>
    public static TableDataset LoadTable(
        string source, TableOptions? options = null, TableSchema? schema = null, RecordedRows? rows = null, bool onlyRecorded = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        options ??= new TableOptions();
        if (TableGenerator.Has(source))
        {
            var name = source.ToLowerInvariant();
            return schema is null
                ? TableFile.Parse(name, name, () => new StringReader(TableGenerator.Generate(name)), options)
                : TableFile.Parse(name, name, () => new StringReader(TableGenerator.Generate(name)), schema, rows, onlyRecorded);
        }

        if (!File.Exists(source))
            throw new DatasetNotFoundException($"There is no file '{source}'. Check the path of the table.");
        return schema is null ? TableFile.Load(source, options) : TableFile.Load(source, schema, rows, onlyRecorded);
    }

    /// <summary>As the public method, with the folders that are searched for names.</summary>
    internal static ImageDataset Load(string nameOrFolder, IReadOnlyList<string> searchFolders, DatasetOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrFolder);
        ArgumentNullException.ThrowIfNull(searchFolders);
        options ??= new DatasetOptions();
        var data = Find(nameOrFolder, searchFolders, options);

        // Folders of images are resized as they are decoded.
        if (data.Transform is null && options.ChooseTransform?.Invoke([(data.Height, data.Width)]) is { } transform
            && (transform.Height, transform.Width) != (data.Height, data.Width))
        {
            data = data.Resize(transform, options.Background);
        }

        if (options.ClassNames is { } classes)
            data = options.ClassesOptional && data.ClassNames.Except(classes).Any() ? data.WithoutLabels(classes) : data.WithClasses(classes);
        return options.Channels is { } channels ? data.ToChannels(channels) : data;
    }

    private static ImageDataset Find(string nameOrFolder, IReadOnlyList<string> searchFolders, DatasetOptions options)
    {
        if (ShapesGenerator.Has(nameOrFolder)) return ShapesGenerator.Generate();
        if (DatasetCatalog.Find(nameOrFolder) is { } entry)
        {
            var folder = searchFolders.Select(root => Path.Combine(root, entry.Name)).Append(nameOrFolder).FirstOrDefault(Directory.Exists);
            return folder is null ? throw NotHere(entry, searchFolders) : LoadFolder(folder, entry.Name, options);
        }

        if (Directory.Exists(nameOrFolder))
            return LoadFolder(nameOrFolder, new DirectoryInfo(nameOrFolder).Name, options);
        // FOLDER/emnist-letters: one of several sets of IDX files in a folder.
        if (Path.GetDirectoryName(nameOrFolder) is { Length: > 0 } parent && Directory.Exists(parent)
            && IdxFolder.TryLoad(parent, Path.GetFileName(nameOrFolder), Path.GetFileName(nameOrFolder)) is { } oneOfSeveral)
            return oneOfSeveral;
        if (IsTable(nameOrFolder))
        {
            throw new DatasetNotFoundException(
                $"'{nameOrFolder}' is a table, but images are needed here. Give a folder of images or the name of an image data set.");
        }

        if (File.Exists(nameOrFolder))
        {
            if (Path.GetExtension(nameOrFolder).Equals(".parquet", StringComparison.OrdinalIgnoreCase))
                return ParquetFolder.LoadFile(nameOrFolder, options);
            throw new DatasetNotFoundException(
                $"'{nameOrFolder}' is a file, but a data set is a folder, a table (.csv, .tsv), an image set in Parquet (.parquet) or one of "
                + $"the names {Names()}. "
                + "Unpack it if it is an archive, and give the folder "
                + "that it is in.");
        }

        var nearest = NearestName.Find(nameOrFolder, AllNames());
        throw new DatasetNotFoundException(
            $"There is no data set and no folder '{nameOrFolder}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Known names: {Names()}.");
    }

    private static ImageDataset LoadFolder(string folder, string name, DatasetOptions options)
    {
        try
        {
            // Archives often unpack into a folder of their own (cifar-10-batches-bin, MNIST/raw). Follow the only entry, or a usual name.
            var current = folder;
            for (var depth = 0; depth < 3; depth++)
            {
                if (IdxFolder.TryLoad(current, name, note: options.Note) is { } idx)
                    return idx;
                if (CifarFolder.TryLoad(current, name) is { } cifar)
                    return cifar;
                if (CifarFolder.TryLoad100(current, name, options.CoarseLabels) is { } cifar100)
                    return cifar100;
                if (ParquetFolder.TryLoad(current, name, options) is { } parquet)
                    return parquet;
                var entries = Directory.GetFileSystemEntries(current).Where(entry => !FolderTree.IsIgnored(Path.GetFileName(entry))).ToArray();
                var next = entries.Length == 1 && Directory.Exists(entries[0])
                    ? entries[0]
                    : UsualSubfolders.Select(folderName => Path.Combine(current, folderName)).FirstOrDefault(Directory.Exists);
                if (next is null)
                    break;
                current = next;
            }

            return ImageFolder.TryLoad(folder, name, options) ?? throw NotUnderstood(folder);
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
        var found = names.Length == 0 ? "nothing" : NameList.Join(names, Most);
        return new DatasetException(
            $"The folder '{folder}' holds no data set in a known format. Found: {found}. Known formats: "
            + "IDX files (train-images*, train-labels*, t10k-images* or test-images*, t10k-labels* or test-labels*; plain or .gz); "
            + "CIFAR-10 binary batches (data_batch_1.bin to data_batch_5.bin, test_batch.bin, batches.meta.txt) or CIFAR-100 (train.bin, test.bin); "
            + "Parquet files (train-*.parquet, test-*.parquet); "
            + "images and masks of the same names (images/*, masks/*, or JPEGImages, SegmentationClass and ImageSets/Segmentation); "
            + "images with annotations of COCO (annotations/instances_train2017.json and train2017/*, or _annotations.coco.json beside the images); "
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

    private static IEnumerable<string> AllNames() =>
        DatasetCatalog.Entries.Select(entry => entry.Name).Append(ShapesGenerator.Name).Concat(TableGenerator.Names);

    private static string Names() => string.Join(", ", AllNames());
}
