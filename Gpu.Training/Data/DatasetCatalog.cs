namespace Gpu.Training.Data;

/// <summary>A data set that is known by name.</summary>
/// <param name="Name">The name to load it by.</param>
/// <param name="Description">What it holds, in a line.</param>
/// <param name="ClassNames">The classes' names; a label is an index into them.</param>
/// <param name="Downloads">Addresses of its files; empty for the bundled set.</param>
public sealed record DatasetCatalogEntry(string Name, string Description, IReadOnlyList<string> ClassNames, IReadOnlyList<string> Downloads)
{
    /// <summary>Whether it comes with the program.</summary>
    public bool IsBundled => Downloads.Count == 0;
}

/// <summary>The data sets that are known by name.</summary>
public static class DatasetCatalog
{
    private static readonly string[] DigitNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    private static readonly string[] IdxFiles =
        ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];

    /// <summary>All entries; the bundled one is first.</summary>
    public static IReadOnlyList<DatasetCatalogEntry> Entries { get; } =
    [
        new("digits", "bundled: 9,000 + 2,000 drawn digits, 28x28 grey", DigitNames, []),
        new("mnist", "60,000 + 10,000 handwritten digits, 28x28 grey", DigitNames, From("https://ossci-datasets.s3.amazonaws.com/mnist/")),
        new(
            "fashion-mnist",
            "60,000 + 10,000 pictures of clothes, 28x28 grey",
            ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
            From("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")),
        new(
            "cifar-10",
            "50,000 + 10,000 photographs of ten kinds of things, 32x32 colour",
            ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
            ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"]),
    ];

    /// <summary>The entry of a name, in upper or lower case; null when there is none.</summary>
    public static DatasetCatalogEntry? Find(string name) => Entries.FirstOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string[] From(string folder) => [.. IdxFiles.Select(file => folder + file)];
}
