using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Gpu.Training.Images;
using Gpu.Training.IO;

namespace Gpu.Training.Data.Cache;

/// <summary>
/// Files of decoded images in the user's cache folder. A folder of images that needs much memory is decoded once into such a file, from which it is then
/// trained. The name of a file is a key of what it was made from: names, sizes and times of the image files, and how they were decoded.
/// </summary>
public static class ImageCache
{
    /// <summary>The environment variable that names another folder for the files.</summary>
    public const string Variable = "GPUTRAINER_CACHE";

    /// <summary>Images that need fewer bytes are decoded into memory.</summary>
    public const long DefaultMinBytes = 256L << 20;

    /// <summary>The file name extension.</summary>
    private const string Extension = ".pixels";

    // Part of the key: a change of how images are decoded or stored makes new files.
    private const string Version = "3";

    /// <summary>
    /// The folder of the files: $GPUTRAINER_CACHE, or "gputrainer/images" in the user's cache folder (see <see cref="DataFolders.UserCache"/>).
    /// </summary>
    public static string Folder => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen
        ? Path.GetFullPath(chosen) : Path.Combine(Path.GetDirectoryName(DataFolders.UserCache)!, "images");

    /// <summary>The files, with those that an interrupted program left.</summary>
    public static IReadOnlyList<FileInfo> List() => !Directory.Exists(Folder) ? []
        : [.. new DirectoryInfo(Folder).EnumerateFiles().Where(file => file.Extension == Extension || IsTemporary(file)).OrderBy(file => file.Name)];

    /// <summary>Deletes all files. Programs that train from one keep it until they end.</summary>
    /// <returns>The number of bytes.</returns>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static long Clear()
    {
        var bytes = 0L;
        foreach (var file in List())
        {
            bytes += file.Length;
            file.Delete();
        }

        return bytes;
    }

    /// <summary>Opens the file of some images, or decodes them into a new one.</summary>
    /// <param name="paths">the image files</param>
    /// <param name="sizes">the sizes in their headers</param>
    /// <param name="size">the size of the decoded images</param>
    /// <param name="transform">how they are resized; null if they all have the size</param>
    /// <param name="background">background of transparent images and of padding</param>
    /// <param name="errors">the errors so far; receives that of each file that cannot be decoded</param>
    /// <param name="note">receives what the user should know</param>
    /// <exception cref="DatasetException">the file cannot be written</exception>
    internal static PixelFile Open(
        IReadOnlyList<string> paths, (int Height, int Width)[] sizes, (int Height, int Width) size, ImageTransform? transform, RgbColor background,
        ImageException?[] errors, Action<string>? note)
    {
        var isRepaired = 0;
        var header = new PixelFileHeader(paths.Count, size.Height, size.Width, 3, Key(paths, size, transform, background));
        var path = Path.Combine(Folder, header.Key.ToString("x32", CultureInfo.InvariantCulture) + Extension);
        if (TryOpen(path, header, note) is { } known)
        {
            known.DecodeAgain = Again;
            note?.Invoke($"The decoded images are in the cache ({Gigabytes(header)} in '{Folder}').");
            Redecode(paths, known, background, errors);
            return known;
        }

        note?.Invoke($"{FolderTree.Count(paths.Count, "image")} {(paths.Count == 1 ? "is" : "are")} decoded into the cache once: "
            + $"{Gigabytes(header)} in '{Folder}' ('data cache' lists and clears it).");
        try
        {
            RemoveAbandoned();
            using (var writer = new PixelFileWriter(path, header))
            {
                ImageBatch.Decode(paths, sizes, transform, background, errors, (index, image, hash) => writer.Write(index, image.ToChannels(3).Pixels, hash));
                writer.Complete();
            }

            var written = PixelFile.Open(path);
            written.DecodeAgain = Again;
            return written;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new DatasetException(
                $"The decoded images need a cache file of {Gigabytes(header)}, but the folder '{Folder}' cannot be written: {e.Message} Make it writable, or "
                + $"name another folder in the environment variable {Variable}.", e);
        }

        byte[]? Again(int index)
        {
            if (Interlocked.Exchange(ref isRepaired, 1) == 0)
                note?.Invoke($"The cache file '{path}' is damaged. Its damaged images are decoded and written again.");
            try
            {
                var image = ImageCodec.Load(paths[index], background);
                return (transform?.Apply(image, background) ?? image).ToChannels(3).Pixels;
            }
            catch (ImageException)
            {
                return null;
            }
        }
    }

    private static PixelFile? TryOpen(string path, PixelFileHeader header, Action<string>? note)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            var file = PixelFile.Open(path);
            if (file.Header == header)
                return file;
            file.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            note?.Invoke($"The cache file '{path}' is damaged and is written again.");
        }

        return null;
    }

    // The errors of the files that could not be decoded are wanted again.
    private static void Redecode(IReadOnlyList<string> paths, PixelFile file, RgbColor background, ImageException?[] errors)
    {
        for (var i = 0; i < paths.Count; i++)
        {
            if (!file.IsMissing(i) || errors[i] is not null)
                continue;
            try
            {
                ImageCodec.Load(paths[i], background);
                errors[i] = new ImageException($"The image file '{paths[i]}' could not be decoded when the cache was written. Clear it: data cache --clear.");
            }
            catch (ImageException e)
            {
                errors[i] = e;
            }
        }
    }

    private static UInt128 Key(IReadOnlyList<string> paths, (int Height, int Width) size, ImageTransform? transform, RgbColor background)
    {
        var hash = new XxHash128();
        Append($"{Version} {size.Height}x{size.Width} {transform?.Fit} {background}");
        foreach (var path in paths)
        {
            // Of a link, what it leads to: its content may change.
            var file = RegularFile.Info(path);
            Append(FormattableString.Invariant($"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
        }

        return hash.GetCurrentHashAsUInt128();

        void Append(string text)
        {
            hash.Append(Encoding.UTF8.GetBytes(text));
            hash.Append([0]);
        }
    }

    // A writer that was killed leaves its temporary file. A file that nobody wrote to for a day has no writer.
    private static void RemoveAbandoned()
    {
        foreach (var file in List().Where(file => IsTemporary(file) && file.LastWriteTimeUtc < DateTime.UtcNow.AddDays(-1))) file.Delete();
    }

    private static bool IsTemporary(FileInfo file) => file.Name.StartsWith('.') && file.Extension == ".tmp" && file.Name.Contains(Extension + ".");

    private static string Gigabytes(PixelFileHeader header) => FormattableString.Invariant($"{PixelFile.FileBytes(header) / 1e9:0.0} GB");
}
