using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.IO;

namespace Gpu.Training.Search;

/// <summary>
/// A folder with one file for each finished run of a search. A file is found by a hash of all that decides the result of its run, so a search that was killed
/// continues, and a search with more settings, folds or seeds runs only what is new. Several searches may use a folder at the same time.
/// </summary>
public sealed class TrialStore
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly string _folder;
    private int _damaged;

    /// <summary>Uses a folder, which is created with the first result.</summary>
    public TrialStore(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        _folder = folder;
    }

    /// <summary>Files that were damaged and whose runs are made again.</summary>
    public int Damaged => _damaged;

    /// <summary>Reads the result of a run; null if there is none, or its file is damaged.</summary>
    /// <param name="key">All that decides the result.</param>
    internal SearchTrial? Read(string key)
    {
        var path = PathOf(key);
        if (!File.Exists(path)) return null;
        try
        {
            var stored = JsonText.Deserialize<StoredTrial>(File.ReadAllText(path), Json);
            if (stored.Trial is { } trial && stored.Key == Hash(key) && stored.Checksum == Checksum(stored)) return trial;
        }
        catch (JsonException)
        {
            // Counted below.
        }

        Interlocked.Increment(ref _damaged);
        return null;
    }

    /// <summary>Writes the result of a run.</summary>
    /// <param name="key">All that decides the result.</param>
    /// <param name="setting">Name of the setting, for readers of the file.</param>
    /// <param name="trial">The result.</param>
    internal void Write(string key, string setting, SearchTrial trial)
    {
        var stored = new StoredTrial { Key = Hash(key), Setting = setting, Trial = trial };
        AtomicFile.WriteAllText(PathOf(key), JsonSerializer.Serialize(stored with { Checksum = Checksum(stored) }, Json) + "\n");
    }

    private static string Hash(string text) => Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(text)));

    private static string Checksum(StoredTrial stored) => Hash(JsonSerializer.Serialize(stored with { Checksum = "" }, Json));

    private string PathOf(string key) => Path.Combine(_folder, $"{Hash(key)}.json");

    private sealed record StoredTrial
    {
        public required string Key { get; init; }

        public required string Setting { get; init; }

        public required SearchTrial Trial { get; init; }

        public string Checksum { get; init; } = "";
    }
}
