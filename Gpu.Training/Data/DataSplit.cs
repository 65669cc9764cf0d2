namespace Gpu.Training.Data;

/// <summary>A split of a data set (training, validation or test): samples of one size, each with a class or a target value.</summary>
public abstract class DataSplit
{
    private protected DataSplit(int[] labels)
    {
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0)
                throw new DatasetException($"Label {i} is {labels[i]}; labels are class indices from 0.");
        }

        Labels = labels;
    }

    /// <summary>Class index of each sample; empty in regression.</summary>
    public int[] Labels { get; }

    /// <summary>Number of samples.</summary>
    public abstract int Count { get; }

    /// <summary>The first <paramref name="count"/> samples, or all if there are fewer.</summary>
    public abstract DataSplit Take(int count);

    /// <summary>Copies the samples with the given indices, in that order.</summary>
    public abstract DataSplit Select(ReadOnlySpan<int> indices);

    /// <summary>Counts the samples of each of <paramref name="classes"/> classes.</summary>
    public virtual int[] CountPerClass(int classes)
    {
        var counts = new int[classes];
        foreach (var label in Labels)
            counts[label]++;
        return counts;
    }

    /// <summary>What the samples are called in messages, in the plural.</summary>
    public abstract string SampleNoun { get; }

    /// <summary>
    /// Draws a stratified random part: about the share of every class; without classes the share of all samples. Returns the indices of the rest and of the
    /// part, both ascending.
    /// </summary>
    /// <exception cref="DatasetException">One of the two parts would be empty.</exception>
    internal (int[] Remaining, int[] Part) DrawPart(double fraction, ulong seed, bool byOrder = false)
    {
        if (!(fraction > 0 && fraction < 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The share must be between 0 and 1 (exclusive).");
        var drawn = byOrder ? DrawByOrder(fraction, seed) : Draw(fraction, seed);
        var rest = Enumerable.Range(0, Count).Where(i => !drawn[i]).ToArray();
        var part = Enumerable.Range(0, Count).Where(i => drawn[i]).ToArray();
        if (rest.Length == 0 || part.Length == 0)
        {
            throw new DatasetException(
                $"Splitting a share of {fraction} off {Count} {SampleNoun} leaves one part empty. Use more {SampleNoun}, or a share nearer to the middle.");
        }

        return (rest, part);
    }

    /// <summary>Which samples are drawn. By default the same share of every class, rounded to the nearest count, by the order of the samples.</summary>
    private protected virtual bool[] Draw(double fraction, ulong seed) => DrawByOrder(fraction, seed);

    private bool[] DrawByOrder(double fraction, ulong seed)
    {
        var order = new int[Count];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        new PortableRandom(seed).Shuffle(order.AsSpan());

        var wanted = new int[Labels.Length == 0 ? 1 : Labels.Max() + 1];
        for (var i = 0; i < Count; i++)
            wanted[Stratum(i)]++;
        for (var i = 0; i < wanted.Length; i++)
            wanted[i] = (int)Math.Round(wanted[i] * fraction, MidpointRounding.AwayFromZero);

        var drawn = new bool[Count];
        foreach (var index in order)
        {
            if (wanted[Stratum(index)] > 0)
            {
                wanted[Stratum(index)]--;
                drawn[index] = true;
            }
        }

        return drawn;
    }

    /// <summary>A short text that identifies the samples: count, shape and a checksum of values and labels. Reads all of them.</summary>
    internal abstract string ComputeFingerprint();

    /// <summary>What samples of equal inputs have in common, so that they stay in one part; null where it is unknown.</summary>
    internal virtual ulong? Identity(int index) => null;

    /// <summary>The group of a sample whose share a stratified draw keeps: its class, or 0 without classes.</summary>
    internal int Stratum(int index) => Labels.Length == 0 ? 0 : Labels[index];
}
