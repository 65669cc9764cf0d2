namespace Gpu.Kernels.Normalization;

/// <summary>
/// The way of an item through a chunk of rows: four vectors a turn, so that four computations run side by side however many channels there are. They are
/// four vectors of one row, two of each of two rows, or one of each of four rows. Rows that do not make a turn are left for a loop of one row at a time.
/// </summary>
internal struct BatchNormBlock
{
    /// <summary>The chunk, and its rows.</summary>
    public int Chunk, Rows;

    /// <summary>The first channel, and how many vectors of a row the item covers: 4, 2 or 1.</summary>
    public int Channel, Vectors;

    /// <summary>Floats of a vector that are channels: the vector width, or fewer where the channels end.</summary>
    public int Lanes;

    /// <summary>Index of the first word, the number of turns, words from one turn to the next, and rows left over behind the turns.</summary>
    public int Start, Iterations, Step, RemainingRows;

    /// <summary>Words from a turn's first vector to the others.</summary>
    public int Offset1, Offset2, Offset3;

    /// <summary>The other vectors' first channels.</summary>
    public int Channel1, Channel2, Channel3;
}
