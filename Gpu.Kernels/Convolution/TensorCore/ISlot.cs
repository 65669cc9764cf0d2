namespace Gpu.Kernels.Convolution.TensorCore;

/// <summary>
/// A slot: four registers of a thread, in which a register-staged unit holds a quad on its way from global to shared memory. A slot is a type because inline
/// PTX must be a constant that spells the names of its registers. So a kernel selects a slot at compile time, without a branch for each slot.
/// </summary>
internal interface ISlot
{
    /// <summary>Number of the slot: 0 to 15 for the first operand, 16 to 23 for the second.</summary>
    static abstract int Number { get; }

    /// <summary>
    /// Loads the four words from number <paramref name="index"/> after <paramref name="address"/>, or zeros if <paramref name="valid"/> is 0.
    /// </summary>
    static abstract void Four(long address, int index, int valid);

    /// <summary>Loads the first <paramref name="count"/> of these words and sets the others to zero.</summary>
    static abstract void Some(long address, int index, int count);

    /// <summary>Rounds the values to half precision and stores them to shared memory, at a byte offset that is a multiple of eight.</summary>
    static abstract void Settle(int place);

    /// <summary>Adds the values to the totals of the thread.</summary>
    static abstract void AddUp();
}
