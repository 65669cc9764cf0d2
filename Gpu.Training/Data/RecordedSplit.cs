using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>
/// The part of each image file in a run, and a hash of its content: <c>split.json</c> of a run folder. Its values are a part and, behind a space, the XXH3
/// (128 bits) of the file: <c>"cats/1.jpg": "train 0123456789abcdef0123456789abcdef"</c>. Older runs have parts alone.
/// </summary>
public sealed class RecordedSplit
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Creates a record.</summary>
    /// <param name="files">Names, relative to the folder of the data set with '/' between folders, and their parts.</param>
    /// <param name="hashes">The hashes of the files by the same names; null for none.</param>
    public RecordedSplit(IReadOnlyDictionary<string, SplitPart> files, IReadOnlyDictionary<string, UInt128>? hashes = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        Files = files;
        Hashes = hashes ?? new Dictionary<string, UInt128>();
    }

    /// <summary>The part of each file, by its name relative to the folder of the data set, with '/' between folders.</summary>
    public IReadOnlyDictionary<string, SplitPart> Files { get; }

    /// <summary>The XXH3 of each file (<see cref="ImageDataset.ContentHashes"/>), by its name; empty in older runs.</summary>
    public IReadOnlyDictionary<string, UInt128> Hashes { get; }

    /// <summary>Reads a record.</summary>
    /// <exception cref="DatasetException">The file cannot be read, or is not such a record.</exception>
    public static RecordedSplit Read(string path)
    {
        try
        {
            var files = new SortedDictionary<string, SplitPart>(StringComparer.Ordinal);
            var hashes = new Dictionary<string, UInt128>();
            foreach (var (name, value) in JsonText.Deserialize<Dictionary<string, string>>(RegularFile.ReadAllText(path), Json))
            {
                var words = (value ?? "").Split(' ');
                files[name] = PartOf(words[0]) ?? throw new JsonException($"'{value}' of '{name}' does not begin with a part, such as train.");
                if (words.Length == 1)
                    continue;
                if (words.Length > 2 || !UInt128.TryParse(words[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash))
                    throw new JsonException($"'{value}' of '{name}' is not a part and a hash of 32 hexadecimal digits.");
                hashes[name] = hash;
            }

            return new RecordedSplit(files, hashes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new DatasetException(
                $"The file '{path}', which says what part of the data each image is in, cannot be read: {e.Message} Restore it from a copy of the run.", e);
        }
    }

    /// <summary>
    /// Which images have the same content as a training or validation image of the run, under any name. Null if the run did not record the content.
    /// </summary>
    /// <param name="names">Names of images, as in <see cref="ImageSplit.Names"/>.</param>
    /// <param name="hashes">The hashes of their files.</param>
    public bool[]? FindTrained(IReadOnlyList<string> names, IReadOnlyDictionary<string, UInt128> hashes)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(hashes);
        if (Hashes.Count == 0)
            return null;
        var trained = Hashes.Where(file => Files[file.Key] is SplitPart.Train or SplitPart.Validation).Select(file => file.Value).ToHashSet();
        return [.. names.Select(name => hashes.TryGetValue(name, out var hash) && trained.Contains(hash))];
    }

    /// <summary>
    /// Counts images of a folder with the content of a training image of the run, under any name, and images that only have the name of one, because it was
    /// removed or written anew since the run. For runs without <see cref="Hashes"/>: it reads the files of the run's data set.
    /// </summary>
    /// <param name="trained">When the run began.</param>
    /// <param name="own">Folder of the run's data set, which need not exist.</param>
    /// <param name="other">The folder to look at.</param>
    /// <param name="names">Names of its images.</param>
    public (int Same, int Possible) CountTrained(DateTime trained, string own, string other, IReadOnlyList<string> names) =>
        TrainingOverlap.Count(this, trained, own, other, names);

    /// <summary>The record of a data set as it was prepared for training; null if its images have no names.</summary>
    /// <param name="loaded">The data set as it was loaded.</param>
    /// <param name="prepared">The same with its limits and its validation split.</param>
    internal static RecordedSplit? Of(Dataset loaded, Dataset prepared) =>
        loaded is ImageDataset images && images.Train.Names is { } names ? Of(images, (ImageDataset)prepared, names) : null;

    private static RecordedSplit Of(ImageDataset loaded, ImageDataset prepared, IReadOnlyList<string> names)
    {
        var files = new SortedDictionary<string, SplitPart>(StringComparer.Ordinal);
        foreach (var name in names)
            files[name] = SplitPart.Unused;
        foreach (var name in loaded.Unreadable)
            files[name] = SplitPart.Unreadable;
        Add(loaded.Validation, SplitPart.Validation);
        Add(loaded.Test, SplitPart.Test);
        Add(prepared.Validation, SplitPart.Validation);
        Add(prepared.Train, SplitPart.Train);
        return new RecordedSplit(files, loaded.ContentHashes);

        void Add(ImageSplit? split, SplitPart part)
        {
            foreach (var name in split?.Names ?? [])
                files[name] = part;
        }
    }

    /// <summary>Writes the record.</summary>
    internal void Write(Stream stream)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, part) in Files)
            texts[name] = Hashes.TryGetValue(name, out var hash) ? FormattableString.Invariant($"{NameOf(part)} {hash:x32}") : NameOf(part);
        JsonSerializer.Serialize(stream, texts, Json);
        stream.WriteByte((byte)'\n');
    }

    private static SplitPart? PartOf(string name) =>
        Enum.GetValues<SplitPart>().Where(part => NameOf(part) == name).Select(part => (SplitPart?)part).FirstOrDefault();

    private static string NameOf(SplitPart part) => JsonNamingPolicy.CamelCase.ConvertName(part.ToString());
}
