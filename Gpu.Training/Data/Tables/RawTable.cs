using System.Globalization;
using nietras.SeparatedValues;

namespace Gpu.Training.Data.Tables;

/// <summary>What a column of a table holds.</summary>
internal enum ColumnKind
{
    /// <summary>Not read.</summary>
    Skipped,

    /// <summary>Finite numbers.</summary>
    Number,

    /// <summary>Texts, of which there are few.</summary>
    Category,
}

/// <summary>A column in memory: numbers, or an index into the texts for each row.</summary>
internal sealed class RawColumn
{
    public List<double> Numbers { get; } = [];

    public List<int> Codes { get; } = [];

    public List<string> Texts { get; } = [];

    public List<int> Lines { get; } = [];
}

/// <summary>Reads CSV and TSV text in two passes: one finds the kind of each column, the other reads the cells.</summary>
/// <param name="source">Name of the file for messages.</param>
/// <param name="open">Opens the text.</param>
/// <param name="hasHeader">Whether the first line has the names of the columns; null to tell by its cells (<see cref="HasHeader"/>).</param>
internal sealed class RawTable(string source, Func<TextReader> open, bool? hasHeader = null)
{
    // Rows that are searched for the texts of the first line.
    private const int MostSearched = 10_000;

    // Squares of standardized numbers must fit 32-bit floating point by far.
    private const double LargestNumber = 1e30;

    private const int MostReported = 5;
    private static readonly string[] MissingTexts = ["", "na", "n/a", "nan", "null", "?"];

    /// <summary>Whether the first line has the names of the columns; known after a pass.</summary>
    public bool HasHeader => hasHeader ?? true;

    /// <summary>Column names of the first line, where an empty name is allowed, or c1, c2 ... without such a line.</summary>
    public string[] Header { get; private set; } = [];

    /// <summary>Rows below the header; known after a pass.</summary>
    public int Rows { get; private set; }

    /// <summary>The cells of the first line; none if the table is empty.</summary>
    /// <exception cref="DatasetException">The text cannot be read.</exception>
    public IReadOnlyList<string> ReadFirstLine()
    {
        try
        {
            using var text = open();
            using var reader = Open(text);
            foreach (var row in reader)
            {
                if (!row.Span.Trim().IsEmpty)
                    return Cells(row);
            }

            return [];
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The file '{source}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads the header, and what the cells of each column look like.</summary>
    /// <exception cref="DatasetException">The text is not a table with a header and rows.</exception>
    public ColumnScan[] Scan()
    {
        ColumnScan[] columns = [];
        Pass(
            names => columns = [.. names.Select(name => new ColumnScan(name))],
            (column, cell, line, decimalComma) =>
            {
                if (IsMissing(cell))
                    columns[column].AddMissing(line);
                else
                    columns[column].Add(cell, line, TryNumber(cell, decimalComma, out var number) ? number : null);
            });
        return columns;
    }

    /// <summary>Reads the cells of the columns that are not skipped.</summary>
    /// <param name="kindOf">What a column is read as, by its name.</param>
    /// <param name="advice">What can be done about a missing value, for the message.</param>
    /// <exception cref="DatasetException">A cell is missing or no finite number; the message names lines and columns.</exception>
    public RawColumn[] Read(Func<string, ColumnKind> kindOf, string advice)
    {
        RawColumn[] columns = [];
        ColumnKind[] kinds = [];
        Dictionary<string, int>[] codes = [];
        List<string> missing = [];
        var missingCount = 0;
        Pass(
            names =>
            {
                kinds = [.. names.Select(kindOf)];
                columns = [.. names.Select(_ => new RawColumn())];
                codes = [.. names.Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];
            },
            (index, cell, line, decimalComma) =>
            {
                if (kinds[index] == ColumnKind.Skipped)
                    return;
                var column = columns[index];
                if (IsMissing(cell))
                {
                    if (missingCount++ < MostReported)
                        missing.Add($"line {line}, column '{Header[index]}'{(cell.Length == 0 ? "" : $" ('{cell}')")}");
                    return;
                }

                if (kinds[index] == ColumnKind.Number)
                {
                    if (!TryNumber(cell, decimalComma, out var number) || !(Math.Abs(number) <= LargestNumber))
                    {
                        throw new DatasetException(
                            $"Line {line} of '{source}' has '{cell}' in column '{Header[index]}', where a number from -1e30 to 1e30 is expected. Correct the "
                            + "cell, or remove the line.");
                    }

                    column.Numbers.Add(number);
                    return;
                }

                var lookup = codes[index].GetAlternateLookup<ReadOnlySpan<char>>();
                if (!lookup.TryGetValue(cell, out var code))
                {
                    code = column.Texts.Count;
                    column.Texts.Add(cell.ToString());
                    column.Lines.Add(line);
                    lookup[cell] = code;
                }

                column.Codes.Add(code);
            });
        if (missingCount > 0)
        {
            throw new DatasetException(
                $"'{source}' has {missingCount} missing value{(missingCount == 1 ? "" : "s")}: {string.Join("; ", missing)}"
                + $"{(missingCount > MostReported ? $"; and {missingCount - MostReported} more" : "")}. {advice}");
        }

        return columns;
    }

    private static bool IsMissing(ReadOnlySpan<char> cell)
    {
        if (cell.Length > 4)
            return false;
        foreach (var text in MissingTexts)
        {
            if (cell.Equals(text, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static bool TryNumber(ReadOnlySpan<char> cell, bool decimalComma, out double number)
    {
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
            return true;
        return decimalComma && cell.Contains(',') && double.TryParse(
            cell.ToString().Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>
    /// Whether the first line has names. It has not if all its cells are numbers, or if some are and a text of it is a value of its column in another row,
    /// or if that is so for all its texts.
    /// </summary>
    private static bool FindHeader(SepReader reader)
    {
        string[] first = [];
        bool[] isText = [], isRepeated = [];
        var rows = 0;
        foreach (var row in reader)
        {
            if (row.Span.Trim().IsEmpty)
                continue;
            if (rows++ == 0)
            {
                first = Cells(row);
                var decimalComma = reader.Spec.Sep.Separator != ',';
                isText = [.. first.Select(cell => !IsMissing(cell) && !TryNumber(cell, decimalComma, out _))];
                isRepeated = new bool[first.Length];
                continue;
            }

            for (var i = 0; i < first.Length && i < row.ColCount; i++)
                isRepeated[i] |= isText[i] && row[i].Span.SequenceEqual(first[i]);
            if (rows > MostSearched)
                break;
        }

        var texts = isText.Count(one => one);
        var numbers = first.Zip(isText).Count(cell => !cell.Second && !IsMissing(cell.First));
        return !(texts == 0 && numbers > 0) && !(numbers > 0 && isRepeated.Contains(true)) && !(texts > 1 && isRepeated.Count(one => one) == texts);
    }

    private SepReader Open(TextReader text) => Sep.Reader(options => options with
    {
        HasHeader = false, Unescape = true, Trim = SepTrim.All, DisableColCountCheck = true,
    }).From(text);

    private void Pass(Action<string[]> begin, CellReader read)
    {
        try
        {
            if (hasHeader is null)
            {
                using var again = open();
                using var first = Open(again);
                hasHeader = FindHeader(first);
            }

            using var text = open();
            using var reader = Open(text);

            // Where the separator is no comma, numbers may have one, as many spreadsheets write them.
            var decimalComma = reader.Spec.Sep.Separator != ',';
            var rows = -1;
            foreach (var row in reader)
            {
                // Many programs end a table with an empty line.
                if (row.Span.Trim().IsEmpty)
                    continue;
                if (rows++ < 0)
                {
                    Header = HasHeader ? Names(row) : [.. Enumerable.Range(1, row.ColCount).Select(i => $"c{i}")];
                    begin(Header);
                    if (HasHeader)
                        continue;
                    rows++;
                }

                if (row.ColCount != Header.Length)
                {
                    if (row.Span.Count('"') % 2 != 0)
                    {
                        throw new DatasetException(
                            $"'{source}' is not a regular table: a quote that opens in line {row.LineNumberFrom} is never closed. Close it, or write a quote "
                            + "that belongs to the text twice, in a cell in quotes.");
                    }

                    throw new DatasetException(
                        $"'{source}' is not a regular table: line {row.LineNumberFrom} has {row.ColCount} cell{(row.ColCount == 1 ? "" : "s")}, "
                        + $"but the first line has {Header.Length}. Every line must have as many cells as the first, separated by ',', ';', '|' or a tab; a "
                        + "cell that contains a separator needs quotes.");
                }

                for (var i = 0; i < Header.Length; i++)
                    read(i, row[i].Span, row.LineNumberFrom, decimalComma);
            }

            if (rows < 0)
                throw new DatasetException($"'{source}' is empty. A table has a line of column names and a line for each sample.");
            if (rows == 0)
                throw new DatasetException($"'{source}' has a line of column names, but no rows below it.");
            Rows = rows;
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException)
        {
            throw new DatasetException(
                $"'{source}' is not a regular table: {e.Message} Every line must have as many cells as the first, separated by ',', ';', '|' or a tab.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The file '{source}' cannot be read: {e.Message}", e);
        }
    }

    private static string[] Cells(SepReader.Row row)
    {
        var cells = new string[row.ColCount];
        for (var i = 0; i < cells.Length; i++)
            cells[i] = row[i].ToString();
        return cells;
    }

    private string[] Names(SepReader.Row row)
    {
        var names = Cells(row);
        if (names.Where(name => name.Length > 0).GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new DatasetException($"'{source}' has {twice.Count()} columns named '{twice.Key}'. Rename all but one.");
        return names;
    }

    private delegate void CellReader(int column, ReadOnlySpan<char> cell, int line, bool decimalComma);
}
