namespace Gpu.Kernels.Normalization;

/// <summary>
/// The block of a chunk that an item processes, four vectors in each iteration: four vectors of one row, two vectors of two rows, or one vector of four rows.
/// So four independent computations overlap, whatever the number of channels. A second loop processes the remaining rows one by one.
/// </summary>
internal struct BatchNormBlock
{
    /// <summary>Number of the chunk, and its rows.</summary>
    public int Chunk, Rows;

    /// <summary>First channel, and vectors of a row: 4, 2 or 1.</summary>
    public int Channel, Vectors;

    /// <summary>Channels of a vector: the vector width, or fewer in the last vector.</summary>
    public int Lanes;

    /// <summary>Index of the first word, number of iterations, words from one iteration to the next, rows after the last iteration.</summary>
    public int Start, Iterations, Step, RemainingRows;

    /// <summary>Words from the first vector of an iteration to the other three.</summary>
    public int Offset1, Offset2, Offset3;

    /// <summary>First channels of the other three vectors.</summary>
    public int Channel1, Channel2, Channel3;
}
