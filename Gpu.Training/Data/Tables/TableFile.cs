using System.Globalization;

namespace Gpu.Training.Data.Tables;

/// <summary>
/// Reads CSV and TSV files (plain or gzip) with or without a line of column names. The separator is found from the first line: ',', ';', '|' or a tab.
/// Columns of numbers stay numbers, unless <see cref="TableOptions.Categorical"/> names them; any other column is a category. A column is left out if nearly
/// every row has a text of its own, or if its numbers only count the rows, unless <see cref="TableOptions.Use"/> names it. Test rows are drawn by a hash of
/// their inputs, so a row that is added moves no other one, and equal rows are in the same part.
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
    public static TableDataset Load(string path, TableOptions options)
    {
        List<string> remarks = [];
        return Parse(NameOf(path), path, TableText.Open(path, remarks), options, remarks);
    }

    /// <summary>Loads the table of a run again, with the columns, levels and classes of the run.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">The columns of the run.</param>
    /// <param name="rows">The rows of the run, which keep their parts if the table has changed; null to draw all.</param>
    /// <param name="onlyRecorded">Whether rows that the run does not have are left out.</param>
    /// <exception cref="DatasetException">As for <see cref="Read"/>; also if the target is missing, or no row is left to test.</exception>
    public static TableDataset Load(string path, TableSchema schema, RecordedRows? rows = null, bool onlyRecorded = false)
    {
        List<string> remarks = [];
        return Parse(NameOf(path), path, TableText.Open(path, remarks), schema, rows, onlyRecorded, remarks);
    }

    /// <summary>Reads all rows of a table with the columns, levels and classes of a run.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">The columns of the run.</param>
    /// <param name="remarks">Receives remarks for the user, such as unknown levels.</param>
    /// <param name="withTarget">Whether to read the target; without, the rows have no labels or target values.</param>
    /// <exception cref="DatasetException">A column is absent, a value is missing or no number, or a class is unknown.</exception>
    public static TableSplit Read(string path, TableSchema schema, out IReadOnlyList<string> remarks, bool withTarget = true)
    {
        ArgumentNullException.ThrowIfNull(schema);
        List<string> found = [];
        remarks = found;
        return ReadAll(Open(path, TableText.Open(path, found), schema), path, schema, found, withTarget);
    }

    /// <summary>As <see cref="Load(string, TableOptions)"/>, from text.</summary>
    internal static TableDataset Parse(string name, string source, Func<TextReader> open, TableOptions options, List<string>? remarks = null)
    {
        remarks ??= [];
        List<string> warnings = [];
        var table = new RawTable(source, open, options.HasHeader);
        var scans = table.Scan();
        if (!table.HasHeader && options.HasHeader is null)
        {
            remarks.Add(
                $"The first line of '{source}' is data, so the columns are named c1 to c{scans.Length} (--header yes takes the line for names).");
        }

        var target = FindTarget(scans, source, options, remarks);
        foreach (var wrong in options.Ignore.Concat(options.Categorical).Concat(options.Use).Where(name => scans.All(scan => scan.Name != name)))
            throw NoSuchColumn(source, wrong, scans.Select(scan => scan.Name));
        if (options.Categorical.Contains(target.Name))
        {
            throw new DatasetException(
                $"The target '{target.Name}' cannot be a categorical input. To predict its values as classes, use --task classification.");
        }

        if (scans.Any(scan => scan.Name.Length == 0))
            remarks.Add("A column without a name was left out; it usually numbers the rows.");
        var inputs = Inputs(scans, target, source, options, remarks, warnings);
        if (target.Missing > 0)
        {
            throw new DatasetException(
                $"'{source}' has {FolderTree.Count(target.Missing, "row")} without a value of the target '{target.Name}': {target.DescribeMissing()}. Fill the "
                + "values in, or remove those lines: a row without a target cannot be trained on.");
        }

        var task = options.Task ?? Detect(target, source, warnings);
        var classes = Classes(target, task, source);
        remarks.Add($"Target '{target.Name}': " + (task == TaskKind.Regression
            ? "a number (regression)"
            : $"{classes.Length} classes ({task.ToString().ToLowerInvariant()}): {NameList.Join(classes, 10)}")
            + (options.Task is null ? "; --task sets another." : "."));

        var kinds = inputs.ToDictionary(input => input.Name, input => IsCategory(input, options) ? ColumnKind.Category : ColumnKind.Number);
        kinds.Add(target.Name, task == TaskKind.Regression ? ColumnKind.Number : ColumnKind.Category);
        var raw = table.Read(
            name => kinds.GetValueOrDefault(name, ColumnKind.Skipped), "Fill them in, remove those lines, or leave a column out (--ignore NAME).");
        var (labels, targets) = Targets(raw[Array.IndexOf(table.Header, target.Name)], task, classes, source, target.Name);
        var keys = RowKey.Of(inputs.Select(input => (input.Name, Cells(input.Name))), Cells(target.Name), table.Rows);
        var isTest = DrawTest(keys, labels, options.HoldOut, options.Seed);
        var (train, test) = Divide(keys, isTest, options.Seed);
        if (train.Length == 0 || test.Length == 0)
        {
            var count = labels.Length > 0 ? labels.Max() + 1 : 0;
            var hint = target.IsNumber && 2 * count > table.Rows ? $"; the target has {count} classes, so it may be a number (--task regression)." : ".";
            var different = keys.DistinctBy(key => key.Inputs).Count();
            throw new DatasetException(
                $"A share of {options.HoldOut} of {table.Rows} rows{(different < table.Rows ? $" ({different} of them different)" : "")} "
                + $"leaves {train.Length} to train on and {test.Length} to test. Use more rows{hint}");
        }

        var columns = inputs.Select(input =>
        {
            var cells = Cells(input.Name);
            return new TableColumn
            {
                Name = input.Name,
                Levels = kinds[input.Name] == ColumnKind.Number ? null
                    : [.. train.Select(row => cells.Texts[cells.Codes[row]]).Distinct().Order(StringComparer.Ordinal)],
            };
        }).ToArray();
        var schema = new TableSchema
        {
            Task = task, Target = target.Name, Columns = columns, ClassNames = classes, SplitSeed = options.Seed, HoldOut = options.HoldOut,
            HasHeader = table.HasHeader,
        };
        var all = Encode(raw, table, schema, labels, targets, keys, source, remarks);
        return new TableDataset(name, schema, all.Select(train), all.Select(test)) { Remarks = remarks, Warnings = warnings, FileOrder = keys };

        RawColumn Cells(string column) => raw[Array.IndexOf(table.Header, column)];
    }

    /// <summary>As <see cref="Load(string, TableSchema, RecordedRows, bool)"/>, from text.</summary>
    internal static TableDataset Parse(
        string name, string source, Func<TextReader> open, TableSchema schema, RecordedRows? rows = null, bool onlyRecorded = false,
        List<string>? remarks = null)
    {
        remarks ??= [];
        List<string> warnings = [];
        var table = Open(source, open, schema);
        var all = ReadAll(table, source, schema, remarks, withTarget: true);
        if (!table.Header.Contains(schema.Target))
            throw NoSuchColumn(source, schema.Target, table.Header);
        var keys = all.Keys!;
        var isTest = DrawTest(keys, all.Labels, schema.HoldOut, schema.SplitSeed);
        bool[]? isUsed = null;
        if (rows?.Match(keys) is { } changes)
        {
            for (var i = 0; i < isTest.Length; i++)
            {
                if (changes.Parts[i] is { } part)
                    isTest[i] = part == SplitPart.Test;
            }

            if (onlyRecorded) isUsed = Array.ConvertAll(changes.IsAdded, isAdded => !isAdded);
            if (changes.Describe() is { Length: > 0 } difference)
            {
                var added = Enumerable.Range(0, isTest.Length).Where(i => changes.IsAdded[i]).ToArray();
                var judged = added.Length == 0 ? "" : onlyRecorded ? " The added rows are not used."
                    : $" Of the added rows, {added.Count(i => isTest[i])} {(added.Count(i => isTest[i]) == 1 ? "belongs" : "belong")} to the test part.";
                warnings.Add(
                    $"'{source}' has changed since the run was trained: {difference} ({FolderTree.Count(rows.Count, "row")} then).{judged} Rows that "
                    + "the run was trained on are no test rows.");
            }
        }

        var (train, test) = Divide(keys, isTest, schema.SplitSeed, isUsed);
        if (train.Length > 0 && test.Length > 0)
        {
            return new TableDataset(name, schema, all.Select(train), all.Select(test)) { Remarks = remarks, Warnings = warnings, FileOrder = keys };
        }

        throw new DatasetException(
            $"'{source}' has {train.Length} training and {test.Length} test rows of the run; at least one of each is needed. "
            + $"{string.Concat(warnings.Select(warning => warning + " "))}Restore the table, or evaluate the whole of a copy: 'eval RUN COPY'.");
    }

    // A run on a table without names reads others without names, and those that have its names.
    private static RawTable Open(string source, Func<TextReader> open, TableSchema schema)
    {
        if (schema.HasHeader)
            return new RawTable(source, open, hasHeader: true);
        var first = new RawTable(source, open).ReadFirstLine();
        return new RawTable(source, open, hasHeader: schema.Columns.All(column => first.Contains(column.Name)));
    }

    private static string NameOf(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var name = Path.GetFileName(path);
        return name[..name.IndexOf('.', StringComparison.Ordinal)] is { Length: > 0 } stem ? stem : name;
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

    // The columns that the network reads.
    private static ColumnScan[] Inputs(
        ColumnScan[] scans, ColumnScan target, string source, TableOptions options, List<string> remarks, List<string> warnings)
    {
        List<ColumnScan> inputs = [], numbering = [];
        foreach (var scan in scans.Where(scan => scan != target && scan.Name.Length > 0 && !options.Ignore.Contains(scan.Name)))
        {
            var isWanted = options.Categorical.Contains(scan.Name) || options.Use.Contains(scan.Name);
            if (!IsCategory(scan, options))
            {
                if (scan.IsRowNumber && !isWanted) numbering.Add(scan);
                else inputs.Add(scan);
                continue;
            }

            var correct = $"Column '{scan.Name}' of '{source}' has numbers, apart from {scan.DescribeNotNumbers()}";
            if (scan.IsMostlyNumber && !isWanted && (scan.IsIdentifier || scan.HasTooManyTexts))
            {
                throw new DatasetException(
                    $"{correct}. As a category it would have a level for nearly every value. Correct those cells, remove those lines, or leave the column out "
                    + $"(--ignore {scan.Name}).");
            }

            if (scan.IsMostlyNumber && !isWanted)
            {
                warnings.Add(
                    $"{correct}: it is read as a category with {scan.Texts.Count} levels. Correct those cells to read numbers, leave the column out "
                    + $"(--ignore {scan.Name}), or confirm it (--categorical {scan.Name}).");
            }
            else if (scan.IsIdentifier && !isWanted)
            {
                remarks.Add(
                    $"Column '{scan.Name}' was left out: nearly every row has a text of its own, from which nothing can be learned. "
                    + $"--categorical {scan.Name} uses it.");
                continue;
            }

            if (scan.HasTooManyTexts)
            {
                throw new DatasetException(
                    $"Column '{scan.Name}' of '{source}' has more than {ColumnScan.MaxLevels} different texts, too many for a category. Leave it out "
                    + $"(--ignore {scan.Name}), or group the texts.");
            }

            inputs.Add(scan);
        }

        // A counter may be what a number depends on, such as the time of a series, if nothing else is there.
        if (inputs.Count == 0)
        {
            inputs = numbering;
        }
        else if (numbering.Count > 0)
        {
            var names = string.Join(", ", numbering.Select(scan => $"'{scan.Name}'"));
            warnings.Add(
                $"{(numbering.Count == 1 ? $"Column {names} was" : $"The columns {names} were")} left out: the numbers only count the rows, and a network that "
                + $"reads them learns the order of the file. --use {string.Join(',', numbering.Select(scan => scan.Name))} reads "
                + $"{(numbering.Count == 1 ? "it" : "them")}.");
        }

        return inputs.Count > 0 ? [.. inputs] : throw new DatasetException(
            $"'{source}' has no column besides the target '{target.Name}' that can be used. At least one is needed."
            + string.Concat(remarks.Where(remark => remark.Contains("left out", StringComparison.Ordinal)).Select(remark => " " + remark)));
    }

    private static bool IsCategory(ColumnScan input, TableOptions options) => !input.IsNumber || options.Categorical.Contains(input.Name);

    private static DatasetException NoSuchColumn(string source, string wanted, IEnumerable<string> names)
    {
        var nearest = NearestName.Find(wanted, names);
        return new DatasetException(
            $"'{source}' has no column '{wanted}'.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} Columns: {string.Join(", ", names)}.");
    }

    private static TaskKind Detect(ColumnScan target, string source, List<string> warnings)
    {
        if (target.IsMostlyNumber)
        {
            var correct = $"The target '{target.Name}' of '{source}' has numbers, apart from {target.DescribeNotNumbers()}";
            if (target.Texts.Count > MaxDetectedClasses)
            {
                throw new DatasetException(
                    $"{correct}. Correct those cells, remove those lines, or choose what to predict: --target NAME, or --task classification for a class for "
                    + "each value.");
            }

            warnings.Add($"{correct}: its values are taken as {target.Texts.Count} classes. Correct those cells if they are mistakes.");
        }

        return target.IsNumber && (!target.IsWhole || target.Texts.Count > MaxDetectedClasses) ? TaskKind.Regression
            : target.Texts.Count == 2 ? TaskKind.Binary : TaskKind.Classification;
    }

    private static string[] Classes(ColumnScan target, TaskKind task, string source)
    {
        if (task == TaskKind.Regression)
        {
            return target.IsNumber ? [] : throw new DatasetException(
                $"The target '{target.Name}' of '{source}' has texts in {target.DescribeNotNumbers()}, but regression needs numbers. Correct those cells, or "
                + "choose another target, or --task classification.");
        }

        if (target.HasTooManyTexts)
        {
            throw new DatasetException(
                $"The target '{target.Name}' of '{source}' has more than {ColumnScan.MaxLevels} different values, too many for classes. "
                + (target.IsNumber ? "Use --task regression, or choose another target." : "Choose another target (--target NAME)."));
        }

        string[] names = target.IsNumber
            ? [.. target.Texts.Keys.OrderBy(text => double.Parse(text.Replace(',', '.'), CultureInfo.InvariantCulture))
                .ThenBy(text => text, StringComparer.Ordinal)]
            : [.. target.Texts.Keys.Order(StringComparer.Ordinal)];
        if (names.Length < 2)
        {
            throw new DatasetException(
                $"The target '{target.Name}' of '{source}' is always '{names.FirstOrDefault()}'; at least two classes are needed. Choose another target.");
        }

        return task != TaskKind.Binary || names.Length == 2 ? names : throw new DatasetException(
            $"The target '{target.Name}' of '{source}' has {names.Length} different values ({NameList.Join(names, 10)}), but a binary task has 2. "
            + "Use --task classification, or choose another target.");
    }

    private static TableSplit ReadAll(RawTable table, string source, TableSchema schema, List<string> remarks, bool withTarget)
    {
        var kinds = schema.Columns.ToDictionary(column => column.Name, column => column.Levels is null ? ColumnKind.Number : ColumnKind.Category);
        if (withTarget)
            kinds.Add(schema.Target, schema.Task == TaskKind.Regression ? ColumnKind.Number : ColumnKind.Category);
        // Found at the first name, when the header has been read.
        string[]? absent = null;
        var raw = table.Read(
            name =>
            {
                absent ??= [.. kinds.Keys.Except([.. table.Header, schema.Target])];
                return absent.Length == 0 ? kinds.GetValueOrDefault(name, ColumnKind.Skipped) : throw NoSuchColumns(source, absent, table.Header);
            },
            "Fill them in, or remove those lines; the run reads these columns.");
        var target = withTarget ? Array.IndexOf(table.Header, schema.Target) : -1;
        var (labels, targets) = target < 0 ? ([], []) : Targets(raw[target], schema.Task, schema.ClassNames, source, schema.Target);
        // The hash of a row is made of what the run reads. The target is the only other column that is read.
        var inputs = schema.Columns.Select(column => (column.Name, raw[Array.IndexOf(table.Header, column.Name)]));
        var keys = RowKey.Of(inputs, target < 0 ? null : raw[target], table.Rows);
        return Encode(raw, table, schema, labels, targets, keys, source, remarks);
    }

    private static DatasetException NoSuchColumns(string source, string[] absent, string[] names) => absent.Length == 1
        ? NoSuchColumn(source, absent[0], names)
        : new DatasetException(
            $"'{source}' has no columns {NameList.Join(absent.Select(name => $"'{name}'"), 50)}, which the run reads. Columns: {NameList.Join(names, 50)}. "
            + "Add or rename them.");

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
                    + $"{NameList.Join(classes)}. Correct or remove the line.");
            }
        }

        return ([.. column.Codes.Select(code => labels[code])], []);
    }

    private static TableSplit Encode(
        RawColumn[] raw, RawTable table, TableSchema schema, int[] labels, double[] targets, RowKey[] keys, string source, List<string> remarks)
    {
        var features = schema.FeatureCount;
        if ((long)features * table.Rows > Array.MaxLength)
        {
            throw new DatasetException(
                $"'{source}' has {table.Rows} rows of {features} values, with one value for each level of a category, more than fit in memory. Use fewer "
                + "rows or columns.");
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
                        + $"({NameList.Join(unknown, 5)}), in {rows} row{(rows == 1 ? "" : "s")}; all of its "
                        + "inputs are 0 there.");
                }
            }

            first += column.Width;
        }

        return new TableSplit(values, features, labels, targets) { Keys = keys };
    }

    private static bool[] DrawTest(RowKey[] keys, int[] labels, double holdOut, ulong seed)
    {
        if (!(holdOut > 0 && holdOut < 1))
            throw new DatasetException($"The share of test rows is {holdOut}, but must be above 0 and below 1.");
        return NameHash.Draw("test", [.. keys.Select(key => key.Name)], row => labels.Length == 0 ? 0 : labels[row], holdOut, seed);
    }

    // The splits are in the order of a hash, so that the first rows of a sorted file are not all of one class, and the order of the file does not matter.
    private static (int[] Train, int[] Test) Divide(RowKey[] keys, bool[] isTest, ulong seed, bool[]? isUsed = null)
    {
        var order = Enumerable.Range(0, keys.Length).Where(row => isUsed?[row] ?? true)
            .OrderBy(row => NameHash.Of("order", keys[row].Name, seed)).ThenBy(row => keys[row].Inputs).ThenBy(row => keys[row].Target).ToArray();
        return ([.. order.Where(row => !isTest[row])], [.. order.Where(row => isTest[row])]);
    }
}
