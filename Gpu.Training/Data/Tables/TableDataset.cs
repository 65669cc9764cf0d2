using Gpu.Training.Shapes;

namespace Gpu.Training.Data.Tables;

/// <summary>A table of numbers and categories with a column to predict, as read by <see cref="TableFile"/>. Immutable.</summary>
public sealed class TableDataset : Dataset
{
    private readonly TableSchema _columns;
    private readonly Lazy<TableSchema> _schema;

    /// <summary>Creates a data set and checks that its parts fit together.</summary>
    /// <param name="name">Name for messages and reports.</param>
    /// <param name="schema">The columns; their statistics are computed from the training split.</param>
    /// <param name="train">Training rows, at least one.</param>
    /// <param name="test">Test rows, at least one.</param>
    /// <param name="validation">Validation rows; null for none.</param>
    /// <exception cref="DatasetException">A split is empty or has another number of values per row, or a label has no class.</exception>
    public TableDataset(string name, TableSchema schema, TableSplit train, TableSplit test, TableSplit? validation = null)
        : base(name, schema?.ClassNames ?? throw new ArgumentNullException(nameof(schema)))
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        (_columns, Train, Test, Validation) = (schema, train, test, validation);
        Check("training", train);
        Check("test", test);
        if (validation is not null)
            Check("validation", validation);
        _schema = new(() => _columns.WithStatisticsOf(Train));
    }

    /// <summary>The columns, with the statistics of the training split.</summary>
    public TableSchema Schema => _schema.Value;

    /// <summary>Remarks about the file for the user, such as columns that were left out; empty for none.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Remarks about what is probably a mistake in the file, such as a text in a column of numbers; empty for none.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The keys of all rows in the order of the file; null if they are unknown.</summary>
    internal RowKey[]? FileOrder { get; init; }

    /// <inheritdoc/>
    public override TaskKind Task => _columns.Task;

    /// <inheritdoc/>
    public override TensorShape SampleShape => TensorShape.Features(_columns.FeatureCount);

    /// <inheritdoc/>
    public override TableSplit Train { get; }

    /// <inheritdoc/>
    public override TableSplit Test { get; }

    /// <inheritdoc/>
    public override TableSplit? Validation { get; }

    internal override TableDataset With(DataSplit train, DataSplit test, DataSplit? validation) =>
        new(Name, _columns, (TableSplit)train, (TableSplit)test, (TableSplit?)validation)
        {
            Remarks = Remarks, Warnings = Warnings, FileOrder = FileOrder,
        };

    private void Check(string part, TableSplit split)
    {
        if (split.Count == 0)
            throw new DatasetException($"The {part} part of the table '{Name}' has no rows; at least one is needed.");
        if (split.Features != _columns.FeatureCount)
        {
            throw new DatasetException(
                $"The {part} rows of the table '{Name}' have {split.Features} values, but its columns need {_columns.FeatureCount}.");
        }

        var wanted = Task == TaskKind.Regression ? "target values" : "labels";
        if ((Task == TaskKind.Regression ? split.Targets.Length : split.Labels.Length) != split.Count)
            throw new DatasetException($"The {part} rows of the table '{Name}' have no {wanted}, which {Task.ToString().ToLowerInvariant()} needs.");
        var labels = split.Labels;
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] >= Classes)
                throw new DatasetException($"Label {i} of the {part} part of the table '{Name}' is {labels[i]}, but there are {Classes} classes.");
        }
    }
}
