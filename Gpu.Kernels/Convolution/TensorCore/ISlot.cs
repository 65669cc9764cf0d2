namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// A slot of a staged unit, a place for four values in a thread's registers. A slot is a type, because inline PTX has to be a constant and spells the names of its registers: so there is one
/// statement where a kernel names a slot, and not a choice among all of them.
/// </summary>
internal interface ISlot
{
    /// <summary>0 to 23: sixteen for the first operand, eight for the second.</summary>
    static abstract int Number { get; }

    /// <summary>Loads four words, the first number <paramref name="index"/> from <paramref name="address"/> on, or zeros where <paramref name="valid"/> is 0.</summary>
    static abstract void Four(long address, int index, int valid);

    /// <summary>Loads <paramref name="count"/> of these words, and zeros behind them.</summary>
    static abstract void Some(long address, int index, int count);

    /// <summary>Rounds the values to half precision and writes them to a byte of shared memory, a multiple of eight.</summary>
    static abstract void Settle(int place);

    /// <summary>Adds the values to the thread's totals.</summary>
    static abstract void AddUp();
}
