using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>Finds image files as the data sets do.</summary>
public static class ImageFiles
{
    /// <summary>
    /// The image files in a folder and the folders below it, in ordinal order, without hidden files and those of operating systems. Links to folders are not
    /// followed.
    /// </summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string> Find(string folder) =>
        [.. FolderTree.Read(folder).All().SelectMany(one => one.Images).Select(file => Path.Combine(folder, Path.GetRelativePath(folder, file)))
            .Order(StringComparer.Ordinal)];

    /// <summary>
    /// Decodes image files in parallel. Their sizes are read first: a file that declares more than 100 million pixels, as none of a data set may have, is not
    /// decoded, and large images are not decoded at the same time.
    /// </summary>
    /// <param name="files">The files.</param>
    /// <param name="background">Background of transparent images.</param>
    /// <param name="convert">Makes what is kept of a file and its image. It may be called by several threads.</param>
    /// <returns>What was made of each file, or the error of it.</returns>
    public static IReadOnlyList<(T? Result, ImageException? Error)> Decode<T>(
        IReadOnlyList<string> files, RgbColor background, Func<string, ByteImage, T> convert)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(convert);
        var (results, errors) = (new T?[files.Count], new ImageException?[files.Count]);
        var sizes = ImageBatch.ReadSizes(files, errors);
        ImageBatch.Decode(files, sizes, null, background, errors, (index, image, _) => results[index] = convert(files[index], image));
        return [.. results.Zip(errors)];
    }
}
