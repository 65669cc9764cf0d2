using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Gpu.Training.Data.Tables;

/// <summary>A split of a table: rows of values, each with a class or a target value.</summary>
public sealed class TableSplit : DataSplit
{
    /// <summary>Creates a split over the given arrays, without copying them.</summary>
    /// <param name="values">Values as in the file, and 0 or 1 for each level of a category, [count, features].</param>
    /// <param name="features">Values per row, at least 1.</param>
    /// <param name="labels">Class index of each row; empty in regression, and if the classes are unknown.</param>
    /// <param name="targets">Target value of each row in regression; else empty.</param>
    /// <exception cref="DatasetException">The lengths do not match, or a label is negative.</exception>
    public TableSplit(double[] values, int features, int[] labels, double[] targets)
        : base(labels ?? throw new ArgumentNullException(nameof(labels)))
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        if (labels.Length > 0 && targets.Length > 0)
            throw new DatasetException($"A row has a class or a target value, but {labels.Length} labels and {targets.Length} targets were given.");
        Count = labels.Length + targets.Length > 0 ? Math.Max(labels.Length, targets.Length) : values.Length / features;
        if (values.Length != (long)Count * features)
            throw new DatasetException($"{Count} rows of {features} need {(long)Count * features} values, but {values.Length} were given.");
        Values = values;
        Features = features;
        Targets = targets;
    }

    /// <summary>Values as in the file, and 0 or 1 for each level of a category, [count, features].</summary>
    public double[] Values { get; }

    /// <summary>Values per row.</summary>
    public int Features { get; }

    /// <summary>Target value of each row in regression; else empty.</summary>
    public double[] Targets { get; }

    /// <summary>The content of each row, by which validation rows are drawn; null if it is unknown: then they are drawn by their order.</summary>
    internal RowKey[]? Keys { get; init; }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override string SampleNoun => "rows";

    /// <inheritdoc/>
    public override TableSplit Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return count >= Count ? this : Select([.. Enumerable.Range(0, count)]);
    }

    /// <inheritdoc/>
    public override TableSplit Select(ReadOnlySpan<int> indices)
    {
        var values = new double[checked(indices.Length * Features)];
        var labels = new int[Labels.Length == 0 ? 0 : indices.Length];
        var targets = new double[Targets.Length == 0 ? 0 : indices.Length];
        for (var i = 0; i < indices.Length; i++)
        {
            Values.AsSpan(indices[i] * Features, Features).CopyTo(values.AsSpan(i * Features));
            if (labels.Length > 0)
                labels[i] = Labels[indices[i]];
            if (targets.Length > 0)
                targets[i] = Targets[indices[i]];
        }

        return new TableSplit(values, Features, labels, targets) { Keys = Keys is null ? null : Pick(indices) };
    }

    internal override ulong? Identity(int index) => Keys?[index].Inputs;

    private protected override bool[] Draw(double fraction, ulong seed) =>
        Keys is null ? base.Draw(fraction, seed) : NameHash.Draw("validation", [.. Keys.Select(key => key.Name)], Stratum, fraction, seed);

    private RowKey[] Pick(ReadOnlySpan<int> indices)
    {
        var keys = new RowKey[indices.Length];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = Keys![indices[i]];
        return keys;
    }

    internal override string ComputeFingerprint()
    {
        var check = new Crc32();
        check.Append(MemoryMarshal.AsBytes(Values.AsSpan()));
        check.Append(MemoryMarshal.AsBytes(Labels.AsSpan()));
        check.Append(MemoryMarshal.AsBytes(Targets.AsSpan()));
        return $"{Count}x{Features}-{check.GetCurrentHashAsUInt32():x8}";
    }
}
