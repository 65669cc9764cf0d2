using System.Text.Json;
using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>A file of a data set to download.</summary>
/// <param name="Name">File name; one that ends in .tar.gz is unpacked.</param>
/// <param name="Urls">Addresses of the same file, tried in this order.</param>
/// <param name="Bytes">Length in bytes; null if unknown.</param>
/// <param name="Sha256">SHA-256 in hexadecimal; null if unknown, so that the content cannot be checked.</param>
public sealed record DatasetDownload(string Name, IReadOnlyList<string> Urls, long? Bytes = null, string? Sha256 = null);

/// <summary>A data set with a known name.</summary>
/// <param name="Name">Name for <see cref="DatasetLoader"/>.</param>
/// <param name="Description">One-line description.</param>
/// <param name="ClassNames">Class names; a label is an index into this list. Empty if the files have them.</param>
/// <param name="Files">Its files; empty for the bundled data set.</param>
public sealed record DatasetCatalogEntry(string Name, string Description, IReadOnlyList<string> ClassNames, IReadOnlyList<DatasetDownload> Files)
{
    /// <summary>Page of the data set; null if it has none.</summary>
    public string? Source { get; init; }

    /// <summary>Licence; null if unknown.</summary>
    public string? Licence { get; init; }

    /// <summary>Publication to cite; null for none.</summary>
    public string? Citation { get; init; }

    /// <summary>First URL of each file.</summary>
    public IReadOnlyList<string> Downloads => [.. Files.Select(file => file.Urls[0])];

    /// <summary>True if the data set ships with the program.</summary>
    public bool IsBundled => Files.Count == 0;
}

/// <summary>The data sets with known names, from datasets/catalog.json beside the program.</summary>
public static class DatasetCatalog
{
    private static readonly Lazy<IReadOnlyList<DatasetCatalogEntry>> Shipped = new(() =>
        Read(ShippedPath));

    private static string ShippedPath => Path.Combine(AppContext.BaseDirectory, "datasets", "catalog.json");

    /// <summary>All entries, the bundled data set first.</summary>
    public static IReadOnlyList<DatasetCatalogEntry> Entries => Shipped.Value;

    /// <summary>Finds an entry by name, ignoring case; null if there is none.</summary>
    public static DatasetCatalogEntry? Find(string name) => Entries.FirstOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads a catalog file.</summary>
    /// <exception cref="DatasetException">The file is missing or no catalog; the message says why.</exception>
    public static IReadOnlyList<DatasetCatalogEntry> Read(string path) => Read(path, ShippedPath, "datasets", "data sets", ReadEntry);

    /// <summary>Reads the entries of a catalog file.</summary>
    /// <param name="path">the file</param>
    /// <param name="shipped">the path of the catalog beside the program, an example for one's own</param>
    /// <param name="list">the property that holds the entries</param>
    /// <param name="what">what the entries are, for messages</param>
    /// <param name="read">reads an entry; throws <see cref="FormatException"/>, or an exception of the JSON reader, if it is none</param>
    /// <exception cref="DatasetException">The file is missing or no catalog; the message says why.</exception>
    internal static IReadOnlyList<T> Read<T>(string path, string shipped, string list, string what, Func<JsonElement, T> read)
    {
        var advice = path == shipped ? "Build or install the program again." : $"Correct the file, or the path; '{shipped}' is an example.";
        try
        {
            using var json = JsonText.Parse(RegularFile.ReadAllText(path));
            return [.. json.RootElement.GetProperty(list).EnumerateArray().Select(read)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The catalog of {what} '{path}' cannot be read: {e.Message} {advice}", e);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new DatasetException($"The file '{path}' is no catalog of {what}: {e.Message.TrimEnd('.')}. {advice}", e);
        }
    }

    internal static DatasetCatalogEntry ReadEntry(JsonElement entry)
    {
        var name = Text(entry, "name");
        var files = entry.GetProperty("files").EnumerateArray().Select(file => ReadFile(file, name)).ToArray();
        RequireFileName(name, name);
        return new DatasetCatalogEntry(name, Text(entry, "description"), Texts(entry, "classes"), files)
        {
            Source = OptionalText(entry, "source"), Licence = OptionalText(entry, "licence"), Citation = OptionalText(entry, "citation"),
        };
    }

    private static DatasetDownload ReadFile(JsonElement file, string dataset)
    {
        var name = Text(file, "name");
        RequireFileName(name, dataset);
        var urls = Texts(file, "urls");
        if (urls.Length == 0 || !urls.All(url => url.StartsWith("https://", StringComparison.Ordinal) || url.StartsWith("http://", StringComparison.Ordinal)))
            throw new FormatException($"the file '{name}' of '{dataset}' needs addresses that begin with https:// or http://.");
        var bytes = file.TryGetProperty("bytes", out var length) && length.ValueKind == JsonValueKind.Number ? length.GetInt64() : (long?)null;
        return new DatasetDownload(name, urls, bytes, OptionalText(file, "sha256"));
    }

    // The names become paths: no separators, no "..".
    private static void RequireFileName(string name, string dataset)
    {
        if (name.Length == 0 || name.StartsWith('.') || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.')))
            throw new FormatException($"'{name}' of '{dataset}' is no plain file name.");
    }

    private static string Text(JsonElement parent, string name) =>
        parent.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");

    private static string? OptionalText(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string[] Texts(JsonElement parent, string name) =>
        [.. parent.GetProperty(name).EnumerateArray().Select(item => item.GetString() ?? throw new FormatException($"'{name}' has a null."))];
}
