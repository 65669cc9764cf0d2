namespace Gpu.Kernels.Backends;

/// <summary>
/// The memory and arithmetic that kernels are generic over, for a CPU or a GPU. A value of the backend type refers to memory, counted in 4-byte words; the
/// static members load, store and compute vectors of <see cref="Width"/> floats.
/// </summary>
/// <typeparam name="TSelf">the backend itself: a pointer on the CPU, a view on a GPU</typeparam>
/// <typeparam name="TVector">a vector of <see cref="Width"/> floats, kept in registers</typeparam>
/// <remarks>
/// Indices are in words, or in bytes for <see cref="LoadByte"/> and <see cref="LoadBytes"/>. The CPU backends take any index. On a GPU a vector is loaded and
/// stored by one 128-bit access, so the index must be a multiple of <see cref="Width"/>. If an operation cannot guarantee that
/// (<see cref="Devices.IOperation.Granularity"/>), the device uses the GPU backend with vectors of one float.
/// </remarks>
internal interface IVectorBackend<TSelf, TVector>
    where TSelf : struct, IVectorBackend<TSelf, TVector>
    where TVector : unmanaged
{
    /// <summary>Floats in a vector: a power of two from 1 to 16.</summary>
    static abstract int Width { get; }

    /// <summary>
    /// True on a GPU, where each item is a thread: items should be small, and neighbouring items should access neighbouring memory. False on a CPU, where a
    /// thread runs many items: an item should be a larger piece of work. The host sizes items by this; see <see cref="Devices.RowTiles"/>.
    /// </summary>
    static abstract bool IsGpu { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TVector Zero { get; }

    /// <summary>The lane numbers 0, 1, 2, ... as floats.</summary>
    static abstract TVector LaneNumbers { get; }

    /// <summary>The same memory from word <paramref name="offset"/> on.</summary>
    static abstract TSelf Slice(TSelf memory, int offset);

    /// <summary>One of two memories; without a branch on the CPU.</summary>
    static abstract TSelf Choose(bool condition, TSelf whenTrue, TSelf whenFalse);

    /// <summary>Loads <see cref="Width"/> floats.</summary>
    static abstract TVector Load(TSelf memory, int index);

    /// <summary>
    /// Loads the first <paramref name="count"/> floats and sets the other lanes to zero. Accesses no other memory. A negative count is like 0, one above
    /// <see cref="Width"/> is like <see cref="Width"/>.
    /// </summary>
    static abstract TVector LoadPartial(TSelf memory, int index, int count);

    /// <summary>Stores <see cref="Width"/> floats.</summary>
    static abstract void Store(TSelf memory, int index, TVector value);

    /// <summary>Stores the first <paramref name="count"/> floats. Accesses no other memory. The count is as in <see cref="LoadPartial"/>.</summary>
    static abstract void StorePartial(TSelf memory, int index, TVector value, int count);

    /// <summary>
    /// Transposes a block: target[column * targetStride + row] = source[row * sourceStride + column]. Writes all <see cref="Width"/> words of each target row,
    /// with zeros for missing source rows. Target rows are written in order, so a row may overlap the end of the row before it.
    /// </summary>
    /// <param name="source">the block, of at most <see cref="Width"/> rows and columns</param>
    /// <param name="sourceStride">words from one of its rows to the next</param>
    /// <param name="rows">rows of the block: 0 if negative, <see cref="Width"/> if above it</param>
    /// <param name="columns">columns of the block, at least 1: <see cref="Width"/> if above it</param>
    /// <param name="target">the transposed block</param>
    /// <param name="targetStride">words from one of its rows to the next</param>
    static abstract void Transpose(TSelf source, int sourceStride, int rows, int columns, TSelf target, int targetStride);

    /// <summary>Loads one float into every lane.</summary>
    static abstract TVector Broadcast(TSelf memory, int index);

    /// <summary>Prefetches the cache line of a word into the L1 cache, on the CPU. The word may lie outside the memory.</summary>
    static abstract void Prefetch(TSelf memory, int index);

    /// <summary>Loads one float.</summary>
    static abstract float LoadScalar(TSelf memory, int index);

    /// <summary>Stores one float.</summary>
    static abstract void StoreScalar(TSelf memory, int index, float value);

    /// <summary>Loads the word at <paramref name="index"/> as a 32-bit integer.</summary>
    static abstract int LoadInt(TSelf memory, int index);

    /// <summary>Stores a 32-bit integer in the word at <paramref name="index"/>.</summary>
    static abstract void StoreInt(TSelf memory, int index, int value);

    /// <summary>Loads one unsigned byte; <paramref name="index"/> is in bytes.</summary>
    static abstract int LoadByte(TSelf memory, int index);

    /// <summary>Loads <see cref="Width"/> unsigned bytes as floats from 0 to 255; <paramref name="index"/> is in bytes and need not be aligned.</summary>
    static abstract TVector LoadBytes(TSelf memory, int index);

    /// <summary>One value in every lane.</summary>
    static abstract TVector Splat(float value);

    /// <summary>a + b.</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>a - b.</summary>
    static abstract TVector Subtract(TVector a, TVector b);

    /// <summary>a * b.</summary>
    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a / b.</summary>
    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>a * b + c, rounded once where the hardware has a fused multiply-add.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>The smaller of each pair; <paramref name="b"/> if it is NaN. If only <paramref name="a"/> is NaN, the result depends on the backend.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>
    /// The larger of each pair; <paramref name="b"/> if it is NaN. If only <paramref name="a"/> is NaN, the result depends on the backend; see
    /// <see cref="MaxOrNaN"/>.
    /// </summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The larger of each pair; NaN if either is NaN.</summary>
    static abstract TVector MaxOrNaN(TVector a, TVector b);

    /// <summary>The square root, correctly rounded.</summary>
    static abstract TVector Sqrt(TVector a);

    /// <summary>The absolute value.</summary>
    static abstract TVector Abs(TVector a);

    /// <summary>
    /// Zero for subnormal lanes on a CPU whose floating-point mode cannot do that itself (<see cref="Devices.FlushToZero"/>); elsewhere the operand. For values
    /// that fall step by step, such as gradients and moments.
    /// </summary>
    static abstract TVector FlushSubnormals(TVector a);

    /// <summary>The largest integer not above each lane.</summary>
    static abstract TVector Floor(TVector a);

    /// <summary>Lane by lane: a &gt; b ? whenTrue : whenFalse (false for NaN).</summary>
    static abstract TVector SelectGreater(TVector a, TVector b, TVector whenTrue, TVector whenFalse);

    /// <summary>Lane by lane: a == b ? whenTrue : whenFalse (false for NaN).</summary>
    static abstract TVector SelectEqual(TVector a, TVector b, TVector whenTrue, TVector whenFalse);

    /// <summary>2 to the power of each lane, which must hold integers from -126 to 127.</summary>
    static abstract TVector PowerOfTwo(TVector integers);

    /// <summary>
    /// Splits positive normal numbers: a = mantissa * 2^exponent, with the mantissa in [1, 2). Returns the exponent.
    /// </summary>
    static abstract TVector SplitExponent(TVector a, out TVector mantissa);

    /// <summary>The sum of all lanes, in a fixed order: the upper half is added to the lower half until one lane is left.</summary>
    static abstract float Sum(TVector a);

    /// <summary>The largest lane.</summary>
    static abstract float Largest(TVector a);

    /// <summary>
    /// Uniform random numbers in [0, 1): the high 24 bits of the words of Philox 4x32-10 for the counters (counter + lane, stream, 0, 0).
    /// </summary>
    /// <param name="seed0">low word of the key</param>
    /// <param name="seed1">high word of the key</param>
    /// <param name="stream">second word of the counter: the training step, for different numbers in every step</param>
    /// <param name="counter">first word of the counter of lane 0</param>
    /// <param name="word0">numbers from the first word of each result</param>
    /// <param name="word1">numbers from the second word</param>
    /// <param name="word2">numbers from the third word</param>
    /// <param name="word3">numbers from the fourth word</param>
    static abstract void Uniform(uint seed0, uint seed1, uint stream, uint counter, out TVector word0, out TVector word1, out TVector word2, out TVector word3);
}
