using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gpu.Training.IO;

namespace Gpu.Training.Data.Tables;

/// <summary>
/// The rows of the table that a run was trained on, and the part of each: <c>rows.json</c> of a run folder. It has hashes of the rows, not their content.
/// </summary>
public sealed class RecordedRows
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly RowKey[] _keys;
    private readonly SplitPart[] _parts;
    private readonly Dictionary<ulong, SplitPart> _partOf = [];

    internal RecordedRows(RowKey[] keys, SplitPart[] parts)
    {
        (_keys, _parts) = (keys, parts);
        for (var i = 0; i < keys.Length; i++)
            _partOf[keys[i].Inputs] = parts[i];
    }

    /// <summary>Number of rows.</summary>
    public int Count => _keys.Length;

    /// <summary>Reads a record.</summary>
    /// <exception cref="DatasetException">The file cannot be read, or is not such a record.</exception>
    public static RecordedRows Read(string path)
    {
        try
        {
            var document = JsonText.Deserialize<Document>(RegularFile.ReadAllText(path), Json);
            if (document.Inputs is null || document.Targets is null || document.Parts is null)
                throw new JsonException("a list is null");
            var inputs = MemoryMarshal.Cast<byte, ulong>(document.Inputs);
            var targets = MemoryMarshal.Cast<byte, uint>(document.Targets);
            if (document.Inputs.Length != (long)document.Rows * sizeof(ulong) || targets.Length != document.Rows || document.Parts.Length != document.Rows)
                throw new JsonException($"it has other numbers of hashes than {document.Rows} rows");
            if (document.Parts.FirstOrDefault(part => part > (byte)SplitPart.Unused) is > 0 and var wrong)
                throw new JsonException($"there is no part {wrong}");
            var keys = new RowKey[document.Rows];
            for (var i = 0; i < keys.Length; i++)
                keys[i] = new RowKey(inputs[i], targets[i]);
            return new RecordedRows(keys, [.. document.Parts.Select(part => (SplitPart)part)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new DatasetException(
                $"The file '{path}', which says what part of the table each row is in, cannot be read: {e.Message} Restore it from a copy of the run.", e);
        }
    }

    /// <summary>How many rows of a split have the inputs of rows that the run was trained or validated on.</summary>
    public int CountTrained(TableSplit split)
    {
        ArgumentNullException.ThrowIfNull(split);
        return split.Keys?.Count(key => _partOf.TryGetValue(key.Inputs, out var part) && part is SplitPart.Train or SplitPart.Validation) ?? 0;
    }

    /// <summary>The record of a table as it was prepared for training; null if the data set is no table, or its rows are unknown.</summary>
    /// <param name="loaded">The data set as it was loaded.</param>
    /// <param name="prepared">The same with its limits and its validation split.</param>
    internal static RecordedRows? Of(Dataset loaded, Dataset prepared)
    {
        if (loaded is not TableDataset { FileOrder: { } keys } table)
            return null;
        var parts = new Dictionary<ulong, SplitPart>();
        Add(table.Validation, SplitPart.Validation);
        Add(table.Test, SplitPart.Test);
        Add((TableSplit?)prepared.Validation, SplitPart.Validation);
        Add((TableSplit)prepared.Train, SplitPart.Train);
        return new RecordedRows(keys, [.. keys.Select(key => parts.GetValueOrDefault(key.Inputs, SplitPart.Unused))]);

        void Add(TableSplit? split, SplitPart part)
        {
            foreach (var key in split?.Keys ?? [])
                parts[key.Inputs] = part;
        }
    }

    /// <summary>Writes the record as JSON.</summary>
    internal void Write(Stream stream) => JsonSerializer.Serialize(
        stream,
        new Document
        {
            Rows = Count,
            Inputs = MemoryMarshal.AsBytes(_keys.Select(key => key.Inputs).ToArray().AsSpan()).ToArray(),
            Targets = MemoryMarshal.AsBytes(_keys.Select(key => key.Target).ToArray().AsSpan()).ToArray(),
            Parts = [.. _parts.Select(part => (byte)part)],
        },
        Json);

    /// <summary>Finds the rows of the run in a table that may have changed.</summary>
    /// <param name="rows">The rows of the table, in the order of the file.</param>
    internal RowChanges Match(IReadOnlyList<RowKey> rows)
    {
        // Rows that are still there, in any order. Of equal rows, the first ones are matched.
        var (origin, isFound) = (new int[rows.Count], new bool[Count]);
        Array.Fill(origin, -1);
        Pair(key => key);
        var isUnchanged = Array.ConvertAll(origin, index => index >= 0);

        // Rows with another target.
        Pair(key => key.Inputs);

        // A row in the place of another one, seen from the last unchanged row before both, is the same row with other cells.
        var places = new Dictionary<(int After, int Distance), int>();
        foreach (var (known, place) in Places(Count, known => isFound[known] ? known : -1))
            places[place] = known;
        foreach (var (row, place) in Places(rows.Count, row => origin[row]).ToArray())
        {
            if (places.TryGetValue(place, out var known))
                (origin[row], isFound[known]) = (known, true);
        }

        return new RowChanges(
            [.. origin.Select((known, row) => _partOf.TryGetValue(rows[row].Inputs, out var part) ? part : known >= 0 ? _parts[known] : (SplitPart?)null)],
            [.. origin.Select(known => known < 0)],
            origin.Where((known, row) => known >= 0 && !isUnchanged[row]).Count(),
            isFound.Count(found => !found));

        void Pair<TKey>(Func<RowKey, TKey> part)
            where TKey : notnull
        {
            var free = new Dictionary<TKey, Queue<int>>();
            for (var known = 0; known < Count; known++)
            {
                if (isFound[known])
                    continue;
                if (!free.TryGetValue(part(_keys[known]), out var queue))
                    free[part(_keys[known])] = queue = new Queue<int>();
                queue.Enqueue(known);
            }

            for (var row = 0; row < rows.Count; row++)
            {
                if (origin[row] >= 0 || !free.TryGetValue(part(rows[row]), out var queue) || !queue.TryDequeue(out var known))
                    continue;
                (origin[row], isFound[known]) = (known, true);
            }
        }
    }

    // The rows that have no match, and where they are: after which match, and how many rows further.
    private static IEnumerable<(int Row, (int After, int Distance) Place)> Places(int count, Func<int, int> matchOf)
    {
        var (after, distance) = (-1, 0);
        for (var row = 0; row < count; row++)
        {
            if (matchOf(row) is >= 0 and var match)
                (after, distance) = (match, 0);
            else
                yield return (row, (after, ++distance));
        }
    }

    // Base64 of little-endian numbers: eight bytes of hash a row for the inputs, four for the target, and a byte for the part.
    private sealed record Document
    {
        [JsonRequired]
        public int Rows { get; init; }

        [JsonRequired]
        public byte[] Inputs { get; init; } = [];

        [JsonRequired]
        public byte[] Targets { get; init; } = [];

        [JsonRequired]
        public byte[] Parts { get; init; } = [];
    }
}

/// <summary>How a table differs from the one that a run was trained on.</summary>
/// <param name="Parts">The part of each row in the run; null for a new row.</param>
/// <param name="IsAdded">Whether each row is new.</param>
/// <param name="Changed">Number of rows with other cells than in the run.</param>
/// <param name="Removed">Number of rows of the run that are no longer there.</param>
internal sealed record RowChanges(SplitPart?[] Parts, bool[] IsAdded, int Changed, int Removed)
{
    /// <summary>Number of new rows.</summary>
    public int Added => IsAdded.Count(isAdded => isAdded);

    /// <summary>What changed, for the user: <c>3 rows added, 1 row changed</c>; empty if nothing did.</summary>
    public string Describe() => string.Join(", ", new[] { (Added, "added"), (Removed, "removed"), (Changed, "changed") }
        .Where(entry => entry.Item1 > 0).Select(entry => $"{FolderTree.Count(entry.Item1, "row")} {entry.Item2}"));
}
