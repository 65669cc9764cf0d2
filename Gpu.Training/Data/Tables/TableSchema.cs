using System.Text.Json.Serialization;

namespace Gpu.Training.Data.Tables;

/// <summary>How the rows of a table become samples. A run stores it, so that predictions read other files in the same way.</summary>
public sealed record TableSchema
{
    /// <summary>The task.</summary>
    public required TaskKind Task { get; init; }

    /// <summary>Name of the column to predict.</summary>
    public required string Target { get; init; }

    /// <summary>The columns that the network reads, in the order of its inputs.</summary>
    public required IReadOnlyList<TableColumn> Columns { get; init; }

    /// <summary>The values of the target as they are in the file, in label order; empty in regression.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Whether the first line of the table has the names of the columns; else they are c1, c2 ... by their place.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>Mean of the target over the training split, in regression; else 0.</summary>
    public double TargetMean { get; init; }

    /// <summary>Population standard deviation of the target over the training split, in regression, which targets are divided by; else 1.</summary>
    public double TargetStandardDeviation { get; init; } = 1;

    /// <summary>Seed of the draw of test rows.</summary>
    public ulong SplitSeed { get; init; } = TableOptions.DefaultSeed;

    /// <summary>Share of the rows that was drawn for testing.</summary>
    public double HoldOut { get; init; } = DatasetLoader.DefaultHoldOut;

    /// <summary>Inputs of a network: one for a number, one for each level of a category.</summary>
    [JsonIgnore]
    public int FeatureCount => Columns.Sum(column => column.Width);

    /// <summary>The inputs of a network for the rows of a split, [rows, <see cref="FeatureCount"/>].</summary>
    public float[] Standardize(TableSplit split)
    {
        var (mean, deviation) = Statistics();
        var values = new float[split.Values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var feature = i % mean.Length;
            values[i] = (float)((split.Values[i] - mean[feature]) / deviation[feature]);
        }

        return values;
    }

    /// <summary>The targets of a network for the rows of a split: 0 or 1 in a binary task, standardized numbers in regression.</summary>
    internal float[] StandardizeTargets(TableSplit split) => Task switch
    {
        TaskKind.Binary => [.. split.Labels.Select(label => (float)label)],
        TaskKind.Regression => [.. split.Targets.Select(target => (float)((target - TargetMean) / TargetStandardDeviation))],
        _ => [],
    };

    /// <summary>The schema with the statistics of a training split.</summary>
    internal TableSchema WithStatisticsOf(TableSplit train)
    {
        var columns = new TableColumn[Columns.Count];
        var feature = 0;
        for (var i = 0; i < columns.Length; i++)
        {
            var column = Columns[i];
            var at = feature;
            feature += column.Width;
            if (column.Levels is not null)
            {
                columns[i] = column;
                continue;
            }

            var (mean, deviation) = MeanAndDeviation(train.Count, row => train.Values[((long)row * train.Features) + at]);
            columns[i] = column with { Mean = mean, StandardDeviation = deviation };
        }

        if (Task != TaskKind.Regression)
            return this with { Columns = columns };
        var (targetMean, targetDeviation) = MeanAndDeviation(train.Count, row => train.Targets[row]);
        return this with { Columns = columns, TargetMean = targetMean, TargetStandardDeviation = targetDeviation };
    }

    // Two passes, so that a large mean cancels nothing.
    private static (double Mean, double Deviation) MeanAndDeviation(int count, Func<int, double> value)
    {
        var sum = 0.0;
        for (var i = 0; i < count; i++)
            sum += value(i);
        var mean = sum / count;
        var squares = 0.0;
        for (var i = 0; i < count; i++)
            squares += (value(i) - mean) * (value(i) - mean);
        var deviation = Math.Sqrt(squares / count);

        // A constant column whose mean was rounded has a deviation that is not quite 0.
        return (mean, deviation > 1e-12 * Math.Abs(mean) ? deviation : 1);
    }

    private (double[] Mean, double[] Deviation) Statistics() => (
        [.. Columns.SelectMany(column => Enumerable.Repeat(column.Mean, column.Width))],
        [.. Columns.SelectMany(column => Enumerable.Repeat(column.StandardDeviation, column.Width))]);
}
