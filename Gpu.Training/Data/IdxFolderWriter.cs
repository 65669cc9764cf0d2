namespace Gpu.Training.Data;

/// <summary>Writes a data set as the four gzip IDX files that <see cref="DatasetLoader"/> reads, under MNIST's names.</summary>
public static class IdxFolderWriter
{
    /// <summary>
    /// Writes train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz (idx4 in the names of colour
    /// images). Every file is complete or absent; files that were there are replaced.
    /// </summary>
    /// <param name="data">The data set; its validation part, if there is one, is not written.</param>
    /// <param name="folder">Where to; created when missing.</param>
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
