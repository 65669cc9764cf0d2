using System.Text.Json;
using System.Text.RegularExpressions;
using Gpu.Training.IO;
using Gpu.Training.Images;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;

namespace Gpu.Training.Data;

/// <summary>
/// Reads image sets in Parquet files, as public hubs lay them out: train-*.parquet, test-*.parquet and perhaps validation-*.parquet, with a column image (or
/// img) of encoded images, a struct with bytes or bytes alone, and a column of labels. Class names come from the metadata "huggingface", if present.
/// </summary>
internal static partial class ParquetFolder
{
    private static readonly string[] ImageNames = ["image", "img"];
    private static readonly string[] LabelNames = ["label", "labels", "fine_label"];
    private static readonly string[] CoarseNames = ["coarse_label"];

    /// <summary>Loads the data set; null if the folder has no Parquet files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Name of the data set.</param>
    /// <param name="options">Test split, background, labels, and how images of several sizes are resized.</param>
    /// <exception cref="DatasetException">
    /// A file is damaged or has other columns, an image cannot be decoded, or sizes differ and no transform brings them to one.
    /// </exception>
    public static ImageDataset? TryLoad(string folder, string name, DatasetOptions options)
    {
        var files = Directory.GetFiles(folder, "*.parquet").Order(StringComparer.Ordinal).ToArray();
        return files.Length == 0 ? null
            : Load(folder, name, files.GroupBy(PartOf).ToDictionary(group => group.Key, group => group.ToArray()), options);
    }

    /// <summary>Loads the data set of one file, of which a test part is drawn.</summary>
    public static ImageDataset LoadFile(string file, DatasetOptions options) =>
        Load(file, Path.GetFileNameWithoutExtension(file), new() { ["train"] = [file] }, options);

    private static ImageDataset Load(string folder, string name, Dictionary<string, string[]> parts, DatasetOptions options)
    {
        if (parts.TryGetValue("", out var others))
        {
            if (parts.Count > 1)
            {
                throw new DatasetException(
                    $"The folder '{folder}' has Parquet files whose names begin with train, test or validation, and others: "
                    + $"{NameList.Join(others.Select(file => Path.GetFileName(file)), 5)}. Rename or remove these.");
            }

            parts = new() { ["train"] = others };
        }

        if (!parts.ContainsKey("train"))
        {
            var files = NameList.Join(parts.Values.SelectMany(part => part).Select(file => Path.GetFileName(file)), 5);
            throw new DatasetException($"The folder '{folder}' has the Parquet files {files}, but none named train-*.parquet. Add them.");
        }

        string[]? names = null;
        var rows = parts.ToDictionary(part => part.Key, part => part.Value.SelectMany(file => ReadFile(file, options.CoarseLabels, ref names)).ToList());
        var images = rows.ToDictionary(part => part.Key, part => Decode(part.Value, options.Background));
        var sizes = images.Values.SelectMany(part => part).Select(image => (image.Height, image.Width)).ToArray();
        var transform = sizes.Distinct().Count() > 1 ? options.ChooseTransform?.Invoke(sizes) : null;
        if (transform is not null)
        {
            foreach (var part in images.Values)
                Parallel.For(0, part.Length, i => part[i] = transform.Apply(part[i], options.Background));
        }

        var (height, width) = images["train"].GroupBy(image => (image.Height, image.Width)).MaxBy(group => group.Count())!.Key;
        var channels = images.Values.Any(part => part.Any(image => image.Channels == 3)) ? 3 : 1;
        var splits = rows.ToDictionary(part => part.Key, part => Join(part.Value, images[part.Key], height, width, channels));
        names ??= [.. Enumerable.Range(0, Math.Max(2, splits.Values.Max(split => split.Labels.Max()) + 1)).Select(label => label.ToString())];
        // Without test images, those of the validation part are the test part.
        if (!splits.Remove("test", out var test) && !splits.Remove("validation", out test))
            (splits["train"], test) = splits["train"].Divide(options.HoldOut, options.Seed);
        return new ImageDataset(name, names, splits["train"], test, splits.GetValueOrDefault("validation")) { Transform = transform };
    }

    [GeneratedRegex("^(train|test|validation|valid|val)([-_.]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex PartPattern { get; }

    private static string PartOf(string file) => PartPattern.Match(Path.GetFileNameWithoutExtension(file)) is { Success: true } match
        ? match.Groups[1].Value.ToLowerInvariant() is var part && part.StartsWith("val", StringComparison.Ordinal) ? "validation" : part
        : "";

    private static List<Row> ReadFile(string file, bool coarse, ref string[]? names)
    {
        try
        {
            var (rows, found) = ReadContent(file, coarse);
            names ??= found;
            return rows;
        }
        catch (Exception e) when (e is not DatasetException)
        {
            // Parquet.Net reports damaged files by exceptions of many types, a length that is too large for an array by OutOfMemoryException.
            throw new DatasetException($"The Parquet file '{file}' cannot be read: {e.Message.TrimEnd('.')}. Download it again.", e);
        }
    }

    // Parquet.Net has asynchronous methods only. They are waited for one by one: the state machine of an async method would have fields of its types, and the
    // list of layers (LayerRegistry), which needs all types of this assembly, would load Parquet.Net at every start of the program.
    private static (List<Row> Rows, string[]? Names) ReadContent(string file, bool coarse)
    {
        using var stream = new EndCheckedStream(RegularFile.OpenRead(file));
        ParquetStructure.CheckFooter(stream);
        var reader = ParquetReader.CreateAsync(stream).GetAwaiter().GetResult();
        try
        {
            return ReadRows(reader, stream, file, coarse);
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static (List<Row> Rows, string[]? Names) ReadRows(ParquetReader reader, Stream stream, string file, bool coarse)
    {
        var fields = reader.Schema.GetDataFields();
        var image = Find(fields, ImageNames.SelectMany(name => new[] { $"{name}/bytes", name }), file, "images (image.bytes)");
        var label = Find(fields, coarse ? CoarseNames : LabelNames, file, "labels (label)");
        if (image.ClrType != typeof(byte[]) && image.ClrType != typeof(ReadOnlyMemory<byte>))
        {
            throw new DatasetException(
                $"The column '{image.Path}' of '{file}' has values of type {image.ClrType.Name}, but encoded images (bytes) are expected.");
        }

        List<Row> rows = [];
        for (var group = 0; group < reader.RowGroupCount; group++)
        {
            using var content = reader.OpenRowGroupReader(group);
            // Each row has at least one byte: more rows than that are a damaged header, and would be allocated.
            if (content.RowCount < 0 || content.RowCount > Math.Min(stream.Length, Array.MaxLength))
                throw new DatasetException($"The Parquet file '{file}' says that a group has {content.RowCount:N0} rows, but has {stream.Length:N0} bytes.");
            var count = (int)content.RowCount;
            foreach (var field in (DataField[])[image, label]) CheckPages(reader, group, field, count, stream);
            var images = ReadImages(content, image, count);
            var labels = ReadLabels(content, label, count, file);
            for (var i = 0; i < count; i++)
            {
                var place = $"{file}, row {rows.Count + 1}";
                if (images[i] is not { Length: > 0 } bytes)
                    throw new DatasetException($"'{place}' has no image bytes. Files that only name images in other files are not supported.");
                if (labels[i] is not (>= 0 and < ImageSplit.MostClasses) || labels[i] is not { } value)
                    throw new DatasetException($"'{place}' has the label {labels[i]?.ToString() ?? "null"}; labels are "
                        + $"class indices from 0 to {ImageSplit.MostClasses - 1:N0}. Remove the row.");
                rows.Add(new Row(place, bytes, (int)value));
            }
        }

        if (rows.Count == 0)
            throw new DatasetException($"The Parquet file '{file}' has no rows. Remove it.");
        return (rows, ClassNames(reader.CustomMetadata, label.Name));
    }

    // Parquet.Net begins at the first offset that is not 0.
    private static void CheckPages(ParquetReader reader, int group, DataField field, int count, Stream stream)
    {
        var column = reader.Metadata!.RowGroups[group].Columns.Select(chunk => chunk.MetaData)
            .FirstOrDefault(column => column is not null && column.PathInSchema.SequenceEqual(field.Path.ToList()))
            ?? throw new InvalidDataException($"group {group} has no column '{field.Path}'.");
        if (column.NumValues != count) throw new InvalidDataException($"the column '{field.Path}' has {column.NumValues:N0} values in {count:N0} rows.");
        long[] offsets = [column.DictionaryPageOffset ?? 0, column.DataPageOffset, column.IndexPageOffset ?? 0];
        ParquetStructure.CheckPages(stream, offsets.Where(offset => offset != 0).DefaultIfEmpty(0).Min(), count, column.Codec == CompressionCodec.SNAPPY);
    }

    // Values and definition levels are read apart: Parquet.Net 6.1 moves the values after a null in a struct one row up.
    private static byte[]?[] ReadImages(ParquetRowGroupReader content, DataField image, int count)
    {
        var values = new ReadOnlyMemory<byte>[count];
        var levels = new int[count];
        if (image.MaxDefinitionLevel == 0)
            content.ReadRawAsync<ReadOnlyMemory<byte>>(image, values.AsMemory(), null, null, default).AsTask().GetAwaiter().GetResult();
        else
            content.ReadRawAsync<ReadOnlyMemory<byte>>(image, values.AsMemory(), levels.AsMemory(), null, default).AsTask().GetAwaiter().GetResult();
        var next = 0;
        return [.. levels.Select(level => level == image.MaxDefinitionLevel ? values[next++].ToArray() : null)];
    }

    private static long?[] ReadLabels(ParquetRowGroupReader content, DataField label, int count, string file)
    {
        if (label.ClrType == typeof(long))
            return Read<long>(value => value);
        if (label.ClrType == typeof(int))
            return Read<int>(value => value);
        if (label.ClrType == typeof(short))
            return Read<short>(value => value);
        if (label.ClrType == typeof(sbyte))
            return Read<sbyte>(value => value);
        if (label.ClrType == typeof(byte))
            return Read<byte>(value => value);
        throw new DatasetException(
            $"The column '{label.Name}' of '{file}' has values of type {label.ClrType.Name}, but labels are integers. Convert the column.");

        long?[] Read<T>(Func<T, long> convert)
            where T : struct
        {
            if (!label.IsNullable)
            {
                var plain = new T[count];
                content.ReadAsync<T>(label, plain.AsMemory()).AsTask().GetAwaiter().GetResult();
                return [.. plain.Select(value => (long?)convert(value))];
            }

            var values = new T?[count];
            content.ReadAsync<T>(label, values.AsMemory()).AsTask().GetAwaiter().GetResult();
            return [.. values.Select(value => value is { } known ? convert(known) : (long?)null)];
        }
    }

    private static DataField Find(DataField[] fields, IEnumerable<string> names, string file, string meaning) =>
        names.Select(name => Array.Find(fields, field => string.Join("/", field.Path.ToList()) == name)).FirstOrDefault(field => field is not null)
        ?? throw new DatasetException(
            $"The Parquet file '{file}' has no column of {meaning}. Columns: "
            + $"{string.Join(", ", fields.Select(field => string.Join("/", field.Path.ToList())))}. "
            + "Rename the columns.");

    // {"info": {"features": {"label": {"names": [...], "_type": "ClassLabel"}}}}
    private static string[]? ClassNames(IReadOnlyDictionary<string, string>? metadata, string label)
    {
        if (metadata is null || !metadata.TryGetValue("huggingface", out var text))
            return null;
        try
        {
            using var json = JsonText.Parse(text);
            return json.RootElement.TryGetProperty("info", out var info) && info.TryGetProperty("features", out var features)
                && features.TryGetProperty(label, out var feature) && feature.TryGetProperty("names", out var names)
                && names.ValueKind == JsonValueKind.Array
                ? [.. names.EnumerateArray().Select((name, i) => name.GetString() ?? $"{i}")]
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Decodes in parallel. Reports the error of the first faulty row, independent of thread timing.
    private static ByteImage[] Decode(List<Row> rows, RgbColor? background)
    {
        var images = new ByteImage[rows.Count];
        var errors = new ImageException?[rows.Count];
        Parallel.For(0, rows.Count, (i, state) =>
        {
            try
            {
                images[i] = ImageCodec.Decode(rows[i].Bytes, rows[i].Place, background);
            }
            catch (ImageException e)
            {
                errors[i] = e;
                state.Break();
            }
        });
        return errors.FirstOrDefault(error => error is not null) is { } first ? throw new DatasetException(first.Message, first) : images;
    }

    private static ImageSplit Join(List<Row> rows, ByteImage[] images, int height, int width, int channels)
    {
        for (var i = 0; i < images.Length; i++)
        {
            if ((images[i].Height, images[i].Width) != (height, width))
            {
                throw new DatasetException(
                    $"The image in '{rows[i].Place}' is {images[i].Height}x{images[i].Width} (height x width), but most of the training images are "
                    + $"{height}x{width}. All images must have the same size.");
            }
        }

        return new DecodedImages(images, new UInt128[images.Length])
            .Select([.. Enumerable.Range(0, images.Length)], [.. rows.Select(row => row.Label)], channels, null);
    }

    private readonly record struct Row(string Place, byte[] Bytes, int Label);
}
