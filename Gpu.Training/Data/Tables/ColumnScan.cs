using System.Text.RegularExpressions;

namespace Gpu.Training.Data.Tables;

/// <summary>What the cells of a column look like.</summary>
internal sealed partial class ColumnScan(string name)
{
    /// <summary>Most levels of a category and classes of a target.</summary>
    public const int MaxLevels = 1000;

    private const int MostKept = 5;
    private const int FewestIdentifiers = 10;
    private const double MostlyShare = 0.9;

    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);
    private double _last = double.NegativeInfinity;
    private bool _isCounted = true;
    private bool _isAscending = true;
    private int _cellsAtMost;

    public string Name { get; } = name;

    /// <summary>Number of cells with a value.</summary>
    public int Cells { get; private set; }

    /// <summary>Number of cells without a value.</summary>
    public int Missing { get; private set; }

    /// <summary>Lines of the first cells without a value.</summary>
    private List<int> MissingLines { get; } = [];

    /// <summary>Number of cells that are numbers.</summary>
    public int Numbers { get; private set; }

    /// <summary>The smallest number; infinity without numbers.</summary>
    public double Least { get; private set; } = double.PositiveInfinity;

    /// <summary>The largest number; negative infinity without numbers.</summary>
    public double Most { get; private set; } = double.NegativeInfinity;

    /// <summary>The first cells that are no numbers, with their lines.</summary>
    private List<(int Line, string Text)> NotNumbers { get; } = [];

    /// <summary>Whether all cells are whole numbers.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>How often each text occurs; no more are collected after <see cref="MaxLevels"/> + 1.</summary>
    public IReadOnlyDictionary<string, int> Texts => _texts;

    /// <summary>Whether all cells are numbers.</summary>
    public bool IsNumber => Numbers == Cells;

    /// <summary>Whether the great majority of the cells are numbers, but not all.</summary>
    public bool IsMostlyNumber => !IsNumber && Numbers >= MostlyShare * Cells;

    public bool HasTooManyTexts => _texts.Count > MaxLevels;

    /// <summary>Whether nearly every cell has a text of its own, as names and numbers of records have.</summary>
    public bool IsIdentifier =>
        HasTooManyTexts ? _texts.Count > MostlyShare * _cellsAtMost : Cells >= FewestIdentifiers && _texts.Count > MostlyShare * Cells;

    /// <summary>
    /// Whether the numbers only number the rows: they count from 0 or 1, or the column is named as an identifier and has whole numbers that ascend.
    /// </summary>
    public bool IsRowNumber => IsNumber && IsWhole && Missing == 0 && Cells >= FewestIdentifiers
        && ((_isCounted && Least is 0 or 1) || (_isAscending && IdentifierName.IsMatch(Name)));

    // id, ID, row_id, userId, index, nr ...
    [GeneratedRegex("^(?i:id|index|idx|row|nr|no|number|key|unnamed: 0)$|[_ -](?i:id)$|[a-z](Id|ID)$|^(?i:id)[_ -]", RegexOptions.CultureInvariant)]
    private static partial Regex IdentifierName { get; }

    /// <summary>Which cells are no numbers, for messages: <c>line 3 ('n/k'), line 8 ('x') and 2 more</c>.</summary>
    public string DescribeNotNumbers() => NameList.Join(NotNumbers.Select(cell => $"line {cell.Line} ('{cell.Text}')"), MostKept, Cells - Numbers);

    /// <summary>Which cells have no value, for messages: <c>line 3, line 8 and 2 more</c>.</summary>
    public string DescribeMissing() => NameList.Join(MissingLines.Select(line => $"line {line}"), MostKept, Missing);

    /// <summary>Adds a cell without a value.</summary>
    public void AddMissing(int line)
    {
        if (Missing++ < MostKept)
            MissingLines.Add(line);
    }

    /// <summary>Adds a cell with a value.</summary>
    /// <param name="cell">Its text.</param>
    /// <param name="line">Its line.</param>
    /// <param name="number">Its number; null if it is none.</param>
    public void Add(ReadOnlySpan<char> cell, int line, double? number)
    {
        Cells++;
        if (number is { } value)
        {
            Numbers++;
            (Least, Most) = (Math.Min(Least, value), Math.Max(Most, value));
            IsWhole &= value == Math.Floor(value);
            _isCounted &= Numbers == 1 || value == _last + 1;
            _isAscending &= value > _last;
            _last = value;
        }
        else
        {
            IsWhole = false;
            if (NotNumbers.Count < MostKept)
                NotNumbers.Add((line, cell.ToString()));
        }

        var lookup = _texts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(cell, out var count))
        {
            lookup[cell] = count + 1;
        }
        else if (!HasTooManyTexts)
        {
            lookup[cell] = 1;
            _cellsAtMost = Cells;
        }
    }
}
