namespace Gpu.Kernels.Backends;

/// <summary>
/// What a kernel may ask of the machine it runs on. A value of the machine type is a piece of the machine's memory, counted in
/// 4-byte words; the static members are its arithmetic on vectors of <see cref="Width"/> floats.
/// </summary>
/// <typeparam name="TSelf">the machine itself: a pointer on the CPU, a view on a GPU</typeparam>
/// <typeparam name="TVector">a vector of <see cref="Width"/> floats, kept in registers</typeparam>
/// <remarks>
/// Indices are in words (bytes for <see cref="LoadByte"/>). A vector access on a GPU is one 128-bit access, so its index must be a multiple of
/// <see cref="Width"/>; the device picks the one-lane GPU machine when an operation cannot promise that
/// (<see cref="Devices.IOperation.Granularity"/>). The CPU machines take any index.
/// </remarks>
internal interface IVectorBackend<TSelf, TVector>
    where TSelf : struct, IVectorBackend<TSelf, TVector>
    where TVector : unmanaged
{
    /// <summary>Floats in a vector: a power of two from 1 to 16.</summary>
    static abstract int Width { get; }

    /// <summary>
    /// True on a GPU, where every item is a thread of its own: items should be small, and neighbours should lie side by side in memory. False on the
    /// CPU, where a thread does many items in turn: an item should be a stretch of work. For the host to cut items by; see <see cref="Devices.RowTiles"/>.
    /// </summary>
    static abstract bool IsGpu { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TVector Zero { get; }

    /// <summary>The lane numbers 0, 1, 2, ... as floats.</summary>
    static abstract TVector LaneNumbers { get; }

    /// <summary>The same memory from word <paramref name="offset"/> on.</summary>
    static abstract TSelf Slice(TSelf memory, int offset);

    /// <summary>One memory or the other; on the CPU without a branch.</summary>
    static abstract TSelf Choose(bool condition, TSelf whenTrue, TSelf whenFalse);

    /// <summary>Reads <see cref="Width"/> floats.</summary>
    static abstract TVector Load(TSelf memory, int index);

    /// <summary>Reads the first <paramref name="count"/> floats (0 to <see cref="Width"/>) and touches no other memory; the other lanes are zero.</summary>
    static abstract TVector LoadPartial(TSelf memory, int index, int count);

    /// <summary>Writes <see cref="Width"/> floats.</summary>
    static abstract void Store(TSelf memory, int index, TVector value);

    /// <summary>Writes the first <paramref name="count"/> floats (0 to <see cref="Width"/>) and touches no other memory.</summary>
    static abstract void StorePartial(TSelf memory, int index, TVector value, int count);

    /// <summary>
    /// Transposes a block: target[column * targetStride + row] = source[row * sourceStride + column]. All <see cref="Width"/> words of a target row are
    /// written, one row after the other (so that a row may overlap the end of the one before); those of rows that the source has not are zeros.
    /// </summary>
    /// <param name="source">the block, of at most <see cref="Width"/> rows and columns</param>
    /// <param name="sourceStride">words from one of its rows to the next</param>
    /// <param name="rows">its rows, none where this is not positive; more than <see cref="Width"/> count as that many</param>
    /// <param name="columns">its columns, from 1 on; more than <see cref="Width"/> count as that many</param>
    /// <param name="target">where the transposed block goes</param>
    /// <param name="targetStride">words from one of its rows to the next</param>
    static abstract void Transpose(TSelf source, int sourceStride, int rows, int columns, TSelf target, int targetStride);

    /// <summary>Reads one float into every lane.</summary>
    static abstract TVector Broadcast(TSelf memory, int index);

    /// <summary>Asks for the cache line of a word that will be read or written soon. It need not exist.</summary>
    static abstract void Prefetch(TSelf memory, int index);

    /// <summary>Reads one float.</summary>
    static abstract float LoadScalar(TSelf memory, int index);

    /// <summary>Writes one float.</summary>
    static abstract void StoreScalar(TSelf memory, int index, float value);

    /// <summary>Reads the word at <paramref name="index"/> as a 32-bit integer.</summary>
    static abstract int LoadInt(TSelf memory, int index);

    /// <summary>Writes a 32-bit integer into the word at <paramref name="index"/>.</summary>
    static abstract void StoreInt(TSelf memory, int index, int value);

    /// <summary>Reads one unsigned byte; <paramref name="index"/> is in bytes.</summary>
    static abstract int LoadByte(TSelf memory, int index);

    /// <summary>Reads <see cref="Width"/> unsigned bytes as floats from 0 to 255; <paramref name="index"/> is in bytes and may be any number.</summary>
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

    /// <summary>a * b + c, fused into one rounding where the machine can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>The smaller of each pair.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>The larger of each pair. What comes of NaN differs from machine to machine; see <see cref="MaxOrNaN"/>.</summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The larger of each pair; NaN where either is NaN.</summary>
    static abstract TVector MaxOrNaN(TVector a, TVector b);

    /// <summary>The square root, correctly rounded.</summary>
    static abstract TVector Sqrt(TVector a);

    /// <summary>The absolute value.</summary>
    static abstract TVector Abs(TVector a);

    /// <summary>The largest integer not above each lane.</summary>
    static abstract TVector Floor(TVector a);

    /// <summary>Lane by lane: a &gt; b ? whenTrue : whenFalse (false for NaN).</summary>
    static abstract TVector SelectGreater(TVector a, TVector b, TVector whenTrue, TVector whenFalse);

    /// <summary>Lane by lane: a == b ? whenTrue : whenFalse (false for NaN).</summary>
    static abstract TVector SelectEqual(TVector a, TVector b, TVector whenTrue, TVector whenFalse);

    /// <summary>2 to the power of each lane, which must hold integers from -126 to 127.</summary>
    static abstract TVector PowerOfTwo(TVector integers);

    /// <summary>
    /// Splits positive normal numbers into a mantissa from 1 up to 2 and an exponent: a = mantissa * 2^exponent.
    /// </summary>
    static abstract TVector SplitExponent(TVector a, out TVector mantissa);

    /// <summary>The sum of all lanes, added in a fixed order (halves folded onto each other).</summary>
    static abstract float Sum(TVector a);

    /// <summary>The largest lane.</summary>
    static abstract float Largest(TVector a);

    /// <summary>
    /// Philox 4x32-10 for the counters (counter + lane, stream, 0, 0): four vectors of uniform numbers in [0, 1), each the high 24 bits of a word.
    /// </summary>
    /// <param name="seed0">low word of the key</param>
    /// <param name="seed1">high word of the key</param>
    /// <param name="stream">second word of the counter; the training step, so that every step draws anew</param>
    /// <param name="counter">first word of the counter of lane 0</param>
    /// <param name="word0">from the first word of each result</param>
    /// <param name="word1">from the second word</param>
    /// <param name="word2">from the third word</param>
    /// <param name="word3">from the fourth word</param>
    static abstract void Uniform(uint seed0, uint seed1, uint stream, uint counter, out TVector word0, out TVector word1, out TVector word2, out TVector word3);
}
