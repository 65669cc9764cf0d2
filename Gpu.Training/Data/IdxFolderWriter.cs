namespace Gpu.Training.Data;

/// <summary>Writes a data set as four gzip IDX files with the names of MNIST, which <see cref="DatasetLoader"/> reads.</summary>
public static class IdxFolderWriter
{
    /// <summary>
    /// Writes train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz (idx4 in the names for color
    /// images). Files are written atomically; existing files are replaced.
    /// </summary>
    /// <param name="data">The data set. A validation split is not written.</param>
    /// <param name="folder">Target folder; created if missing.</param>
    /// <returns>The paths of the files.</returns>
    public static IReadOnlyList<string> Write(ImageDataset data, string folder)
    {
        ArgumentNullException.ThrowIfNull(data);
        var dimensions = data.Channels == 1 ? 3 : 4;
        List<string> paths = [];
        foreach (var (part, prefix) in new[] { (data.Train, "train"), (data.Test, "t10k") })
        {
            paths.Add(Path.Combine(folder, $"{prefix}-images-idx{dimensions}-ubyte.gz"));
            IdxWriter.WriteImages(paths[^1], part, gzip: true);
            paths.Add(Path.Combine(folder, $"{prefix}-labels-idx1-ubyte.gz"));
            IdxWriter.WriteLabels(paths[^1], part, gzip: true);
        }

        return paths;
    }
}
