using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>The part of each image file in a run: <c>split.json</c> of a run folder.</summary>
public sealed class RecordedSplit
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Creates a record.</summary>
    /// <param name="files">Names, relative to the folder of the data set with '/' between folders, and their parts.</param>
    public RecordedSplit(IReadOnlyDictionary<string, SplitPart> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        Files = files;
    }

    /// <summary>The part of each file, by its name relative to the folder of the data set, with '/' between folders.</summary>
    public IReadOnlyDictionary<string, SplitPart> Files { get; }

    /// <summary>Reads a record.</summary>
    /// <exception cref="DatasetException">The file cannot be read, or is not such a record.</exception>
    public static RecordedSplit Read(string path)
    {
        try
        {
            return new RecordedSplit(JsonText.Deserialize<SortedDictionary<string, SplitPart>>(RegularFile.ReadAllText(path), Json));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new DatasetException(
                $"The file '{path}', which says what part of the data each image is in, cannot be read: {e.Message} Restore it from a copy of the run.", e);
        }
    }

    /// <summary>
    /// Counts images of a folder with the content of a training image of the run, under any name, and images that only have the name of one, because it was
    /// removed or written anew since the run.
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
        return new RecordedSplit(files);

        void Add(ImageSplit? split, SplitPart part)
        {
            foreach (var name in split?.Names ?? [])
                files[name] = part;
        }
    }

    /// <summary>Writes the record.</summary>
    internal void Write(Stream stream)
    {
        JsonSerializer.Serialize(stream, Files, Json);
        stream.WriteByte((byte)'\n');
    }
}
