using System.Globalization;
using System.Text;
using Gpu.Training.Initialization;
using Gpu.Training.IO;

namespace Gpu.Training.Data.Tables;

/// <summary>
/// Reads CSV and TSV files (plain or gzip) with a line of column names. The separator is found from the first line: ',', ';', '|' or a tab. Columns of
/// numbers stay numbers; any other column is a category. Test rows are drawn by a hash of row number and seed.
/// </summary>
public static class TableFile
{
    // A target of whole numbers with more different values is a number to predict, not a class.
    private const int MaxDetectedClasses = 20;

    private static readonly string[] Endings = [".csv", ".tsv", ".tab"];

    /// <summary>Whether a file name ends like that of a table: .csv, .tsv or .tab, perhaps with .gz.</summary>
    public static bool HasTableExtension(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return Endings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Loads a table to train on, and draws test rows.</summary>
    /// <exception cref="DatasetException">The file is no table, a value is missing, or a column cannot be used; the message says where and why.</exception>
    public static TableDataset Load(string path, TableOptions options) => Parse(NameOf(path), path, () => Open(path), options);

    /// <summary>Loads the table of a run again, with the columns, levels, classes and test rows of the run.</summary>
    /// <exception cref="DatasetException">As for <see cref="Read"/>; also if the target is missing.</exception>
    public static TableDataset Load(string path, TableSchema schema) => Parse(NameOf(path), path, () => Open(path), schema);

    /// <summary>Reads all rows of a table with the columns, levels and classes of a run. The target may be absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">The columns of the run.</param>
    /// <param name="remarks">Receives remarks for the user, such as unknown levels.</param>
    /// <exception cref="DatasetException">A column is absent, a value is missing or no number, or a class is unknown.</exception>
    public static TableSplit Read(string path, TableSchema schema, out IReadOnlyList<string> remarks)
    {
        ArgumentNullException.ThrowIfNull(schema);
        List<string> found = [];
        remarks = found;
        return ReadAll(new RawTable(path, () => Open(path)), path, schema, found, requiresTarget: false);
    }

    /// <summary>As <see cref="Load(string, TableOptions)"/>, from text.</summary>
    internal static TableDataset Parse(string name, string source, Func<TextReader> open, TableOptions options)
    {
        List<string> remarks = [];
        var table = new RawTable(source, open);
        var scans = table.Scan();
        var target = FindTarget(scans, source, options, remarks);
        foreach (var wrong in options.Ignore.Where(name => scans.All(scan => scan.Name != name)))
            throw NoSuchColumn(source, wrong, scans.Select(scan => scan.Name));
        if (scans.Any(scan => scan.Name.Length == 0))
            remarks.Add("A column without a name was left out; it usually numbers the rows.");
        var inputs = scans.Where(scan => scan != target && scan.Name.Length > 0 && !options.Ignore.Contains(scan.Name)).ToArray();
        if (inputs.Length == 0)
            throw new DatasetException($"'{source}' has no column besides the target '{target.Name}'. At least one is needed.");
        if (inputs.FirstOrDefault(scan => !scan.IsNumber && scan.HasTooManyTexts) is { } text)
        {
            throw new DatasetException(
                $"Column '{text.Name}' of '{source}' has more than {ColumnScan.MaxLevels} different texts, too many for a category. Leave it out "
                + $"(--ignore {text.Name}), or group the texts.");
        }

        var task = options.Task ?? Detect(target);
        var classes = Classes(target, task, source);
        remarks.Add($"Target '{target.Name}': " + (task == TaskKind.Regression
            ? "a number (regression)"
            : $"{classes.Length} classes ({task.ToString().ToLowerInvariant()}): {string.Join(", ", classes.Take(10))}{(classes.Length > 10 ? " ..." : "")}")
            + (options.Task is null ? "; --task sets another." : "."));

        var raw = table.Read(name =>
            name == target.Name ? task == TaskKind.Regression ? ColumnKind.Number : ColumnKind.Category
            : inputs.FirstOrDefault(scan => scan.Name == name) is not { } input ? ColumnKind.Skipped
            : input.IsNumber ? ColumnKind.Number : ColumnKind.Category);
        var (labels, targets) = Targets(raw[Array.IndexOf(table.Header, target.Name)], task, classes, source, target.Name);
        var (train, test) = Draw(labels, table.Rows, options.HoldOut, options.Seed);
        var columns = inputs.Select(scan =>
        {
            var column = raw[Array.IndexOf(table.Header, scan.Name)];
            return new TableColumn
            {
                Name = scan.Name,
                Levels = scan.IsNumber ? null : [.. train.Select(row => column.Texts[column.Codes[row]]).Distinct().Order(StringComparer.Ordinal)],
            };
        }).ToArray();
        var schema = new TableSchema
        {
            Task = task, Target = target.Name, Columns = columns, ClassNames = classes, SplitSeed = options.Seed, HoldOut = options.HoldOut,
        };
        var all = Encode(raw, table, schema, labels, targets, source, remarks);
        return new TableDataset(name, schema, all.Select(train), all.Select(test)) { Remarks = remarks };
    }

    /// <summary>As <see cref="Load(string, TableSchema)"/>, from text.</summary>
    internal static TableDataset Parse(string name, string source, Func<TextReader> open, TableSchema schema)
    {
        List<string> remarks = [];
        var all = ReadAll(new RawTable(source, open), source, schema, remarks, requiresTarget: true);
        var (train, test) = Draw(all.Labels, all.Count, schema.HoldOut, schema.SplitSeed);
        return new TableDataset(name, schema, all.Select(train), all.Select(test)) { Remarks = remarks };
    }

    private static string NameOf(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var name = Path.GetFileName(path);
        return name[..name.IndexOf('.', StringComparison.Ordinal)] is { Length: > 0 } stem ? stem : name;
    }

    private static TextReader Open(string path)
    {
        var file = RegularFile.OpenRead(path);
        var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        return new StreamReader(isGzip ? new CheckedGzipStream(file) : file, Encoding.UTF8);
    }

    private static ColumnScan FindTarget(ColumnScan[] scans, string source, TableOptions options, List<string> remarks)
    {
        if (options.Target is { } wanted)
            return Array.Find(scans, scan => scan.Name == wanted) ?? throw NoSuchColumn(source, wanted, scans.Select(scan => scan.Name));
        var last = scans.LastOrDefault(scan => scan.Name.Length > 0 && !options.Ignore.Contains(scan.Name))
            ?? throw new DatasetException($"'{source}' has no named column to predict.");
        remarks.Add($"The target is the last column, '{last.Name}'; --target NAME chooses another.");
        return last;
    }

    private static DatasetException NoSuchColumn(string source, string wanted, IEnumerable<string> names)
    {
        var nearest = NearestName.Find(wanted, names);
        return new DatasetException(
            $"'{source}' has no column '{wanted}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Columns: {string.Join(", ", names)}.");
    }

    private static TaskKind Detect(ColumnScan target) =>
        target.IsNumber && (!target.IsWhole || target.Texts.Count > MaxDetectedClasses) ? TaskKind.Regression
        : target.Texts.Count == 2 ? TaskKind.Binary : TaskKind.Classification;

    private static string[] Classes(ColumnScan target, TaskKind task, string source)
    {
        if (task == TaskKind.Regression)
        {
            return target.IsNumber ? [] : throw new DatasetException(
                $"The target '{target.Name}' of '{source}' has texts such as '{target.Texts.First(text => !double.TryParse(text, out _))}', but regression "
                + "needs numbers. Choose another target, or --task classification.");
        }

        if (target.HasTooManyTexts)
        {
            throw new DatasetException(
                $"The target '{target.Name}' of '{source}' has more than {ColumnScan.MaxLevels} different values, too many for classes. "
                + (target.IsNumber ? "Use --task regression, or choose another target." : "Choose another target (--target NAME)."));
        }

        string[] names = target.IsNumber
            ? [.. target.Texts.OrderBy(text => double.Parse(text.Replace(',', '.'), CultureInfo.InvariantCulture)).ThenBy(text => text, StringComparer.Ordinal)]
            : [.. target.Texts.Order(StringComparer.Ordinal)];
        if (names.Length < 2)
        {
            throw new DatasetException(
                $"The target '{target.Name}' of '{source}' is always '{names.FirstOrDefault()}'; at least two classes are needed. Choose another target.");
        }

        return task != TaskKind.Binary || names.Length == 2 ? names : throw new DatasetException(
            $"The target '{target.Name}' of '{source}' has {names.Length} different values ({string.Join(", ", names.Take(10))}), but a binary task has 2. "
            + "Use --task classification, or choose another target.");
    }

    private static TableSplit ReadAll(RawTable table, string source, TableSchema schema, List<string> remarks, bool requiresTarget)
    {
        var kinds = schema.Columns.ToDictionary(column => column.Name, column => column.Levels is null ? ColumnKind.Number : ColumnKind.Category);
        kinds.Add(schema.Target, schema.Task == TaskKind.Regression ? ColumnKind.Number : ColumnKind.Category);
        var raw = table.Read(name => kinds.GetValueOrDefault(name, ColumnKind.Skipped));
        foreach (var column in schema.Columns.Where(column => !table.Header.Contains(column.Name)))
            throw NoSuchColumn(source, column.Name, table.Header);
        var target = Array.IndexOf(table.Header, schema.Target);
        if (target < 0 && requiresTarget)
            throw NoSuchColumn(source, schema.Target, table.Header);
        var (labels, targets) = target < 0 ? ([], []) : Targets(raw[target], schema.Task, schema.ClassNames, source, schema.Target);
        return Encode(raw, table, schema, labels, targets, source, remarks);
    }

    private static (int[] Labels, double[] Targets) Targets(
        RawColumn column, TaskKind task, IReadOnlyList<string> classes, string source, string name)
    {
        if (task == TaskKind.Regression)
            return ([], [.. column.Numbers]);
        var indices = classes.Index().ToDictionary(item => item.Item, item => item.Index, StringComparer.Ordinal);
        var labels = new int[column.Texts.Count];
        for (var i = 0; i < labels.Length; i++)
        {
            if (!indices.TryGetValue(column.Texts[i], out labels[i]))
            {
                throw new DatasetException(
                    $"Line {column.Lines[i]} of '{source}' has the class '{column.Texts[i]}' in column '{name}', but the known classes are "
                    + $"{string.Join(", ", classes.Take(20))}. Correct or remove the line.");
            }
        }

        return ([.. column.Codes.Select(code => labels[code])], []);
    }

    private static TableSplit Encode(
        RawColumn[] raw, RawTable table, TableSchema schema, int[] labels, double[] targets, string source, List<string> remarks)
    {
        var features = schema.FeatureCount;
        if ((long)features * table.Rows > Array.MaxLength)
        {
            throw new DatasetException(
                $"'{source}' has {table.Rows} rows of {features} values, with one value for each level of a category, more than fit in memory. Use fewer "
                + "rows, or leave a column out (--ignore NAME).");
        }

        var values = new double[features * table.Rows];
        var first = 0;
        foreach (var column in schema.Columns)
        {
            var cells = raw[Array.IndexOf(table.Header, column.Name)];
            if (column.Levels is null)
            {
                for (var row = 0; row < table.Rows; row++)
                    values[(row * features) + first] = cells.Numbers[row];
            }
            else
            {
                var levels = column.Levels.Index().ToDictionary(item => item.Item, item => item.Index, StringComparer.Ordinal);
                var indices = cells.Texts.Select(text => levels.GetValueOrDefault(text, -1)).ToArray();
                for (var row = 0; row < table.Rows; row++)
                {
                    if (indices[cells.Codes[row]] is var level and >= 0)
                        values[(row * features) + first + level] = 1;
                }

                var unknown = cells.Texts.Where((_, i) => indices[i] < 0).ToArray();
                if (unknown.Length > 0)
                {
                    var rows = cells.Codes.Count(code => indices[code] < 0);
                    remarks.Add(
                        $"Column '{column.Name}' has {unknown.Length} level{(unknown.Length == 1 ? "" : "s")} that the training rows do not have "
                        + $"({string.Join(", ", unknown.Take(5))}{(unknown.Length > 5 ? " ..." : "")}), in {rows} row{(rows == 1 ? "" : "s")}; all of its "
                        + "inputs are 0 there.");
                }
            }

            first += column.Width;
        }

        return new TableSplit(values, features, labels, targets);
    }

    // Rows are ranked by a hash of their number and the seed, within each class. The splits are in the order of the hash, so that the first rows of a
    // sorted file are not all of one class.
    private static (int[] Train, int[] Test) Draw(int[] labels, int rows, double holdOut, ulong seed)
    {
        if (!(holdOut > 0 && holdOut < 1))
            throw new DatasetException($"The share of test rows is {holdOut}, but must be above 0 and below 1.");
        // A seed of its own: generated tables draw their rows from the streams of the plain seed.
        var ownSeed = NamedSeed.Of(seed, "test rows");
        var ranked = Enumerable.Range(0, rows).Select(row => (Row: row, Hash: new PortableRandom(ownSeed, (ulong)row).NextUInt64()))
            .OrderBy(item => item.Hash).ThenBy(item => item.Row).Select(item => item.Row).ToArray();
        var left = ranked.GroupBy(row => labels.Length == 0 ? 0 : labels[row])
            .ToDictionary(group => group.Key, group => (int)Math.Round(group.Count() * holdOut, MidpointRounding.AwayFromZero));
        List<int> train = [], test = [];
        foreach (var row in ranked)
        {
            var stratum = labels.Length == 0 ? 0 : labels[row];
            (left[stratum]-- > 0 ? test : train).Add(row);
        }

        if (train.Count > 0 && test.Count > 0)
            return ([.. train], [.. test]);
        var classes = labels.Length > 0 ? labels.Max() + 1 : 0;
        var hint = 2 * classes > rows ? $"; the target has {classes} classes, so it may be a number (--task regression)." : ".";
        throw new DatasetException(
            $"A share of {holdOut} of {rows} rows leaves {train.Count} to train on and {test.Count} to test. Use more rows{hint}");
    }
}
