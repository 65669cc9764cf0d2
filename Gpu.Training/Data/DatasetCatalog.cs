namespace Gpu.Training.Data;

/// <summary>A data set with a known name.</summary>
/// <param name="Name">Name for <see cref="DatasetLoader"/>.</param>
/// <param name="Description">One-line description.</param>
/// <param name="ClassNames">Class names; a label is an index into this list.</param>
/// <param name="Downloads">URLs of its files; empty for the bundled data set.</param>
public sealed record DatasetCatalogEntry(string Name, string Description, IReadOnlyList<string> ClassNames, IReadOnlyList<string> Downloads)
{
    /// <summary>True if the data set ships with the program.</summary>
    public bool IsBundled => Downloads.Count == 0;
}

/// <summary>The data sets with known names.</summary>
public static class DatasetCatalog
{
    private static readonly string[] DigitNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    private static readonly string[] IdxFiles =
        ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

    /// <summary>All entries, the bundled data set first.</summary>
    public static IReadOnlyList<DatasetCatalogEntry> Entries { get; } =
    [
        new("digits", "bundled: 9,000 + 2,000 drawn digits, 28x28 gray", DigitNames, []),
        new("mnist", "60,000 + 10,000 handwritten digits, 28x28 gray", DigitNames, From("https://ossci-datasets.s3.amazonaws.com/mnist/")),
        new(
            "fashion-mnist",
            "60,000 + 10,000 images of clothes, 28x28 gray",
            ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
            From("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")),
        new(
            "cifar-10",
            "50,000 + 10,000 photos in ten classes, 32x32 color",
            ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
            ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"]),
    ];

    /// <summary>Finds an entry by name, ignoring case; null if there is none.</summary>
    public static DatasetCatalogEntry? Find(string name) => Entries.FirstOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string[] From(string folder) => [.. IdxFiles.Select(file => folder + file)];
}
