namespace ILGPU;

/// <summary>A 32-bit index or extent in one dimension; converts from and to <see cref="int"/>.</summary>
public readonly struct Index1D(int x) : IIndex, IEquatable<Index1D>
{
    public static readonly Index1D Invalid = new(-1);
    public static readonly Index1D Zero = new(0);
    public static readonly Index1D One = new(1);

    public int X { get; } = x;
    public bool IsFirst => X == 0;
    public int Size => X;
    public long LongSize => X;
    long IIndex.Size => X;

    public LongIndex1D ToLongIndex() => new(X);
    public bool InBounds(Index1D dimension) => X >= 0 && X < dimension.X;
    public bool InBoundsInclusive(Index1D dimension) => X >= 0 && X <= dimension.X;
    public bool Equals(Index1D other) => X == other.X;
    public override bool Equals(object? obj) => obj is Index1D other && Equals(other);
    public override int GetHashCode() => X;
    public override string ToString() => $"({X})";

    public static implicit operator int(Index1D idx) => idx.X;
    public static implicit operator Index1D(int idx) => new(idx);
    public static explicit operator uint(Index1D idx) => (uint)idx.X;
    public static implicit operator LongIndex1D(Index1D index) => new(index.X);
    public static Index1D operator +(Index1D first, Index1D second) => new(first.X + second.X);
    public static Index1D operator -(Index1D first, Index1D second) => new(first.X - second.X);
    public static Index1D operator *(Index1D first, Index1D second) => new(first.X * second.X);
    public static Index1D operator /(Index1D first, Index1D second) => new(first.X / second.X);
    public static bool operator ==(Index1D first, Index1D second) => first.X == second.X;
    public static bool operator !=(Index1D first, Index1D second) => first.X != second.X;
}

/// <summary>A 64-bit index or extent in one dimension; converts from and to <see cref="long"/>.</summary>
public readonly struct LongIndex1D(long x) : IIndex, IEquatable<LongIndex1D>
{
    public static readonly LongIndex1D Zero = new(0);
    public static readonly LongIndex1D One = new(1);

    public long X { get; } = x;
    public bool IsFirst => X == 0;
    public long Size => X;

    public Index1D ToIntIndex() => new(checked((int)X));
    public bool Equals(LongIndex1D other) => X == other.X;
    public override bool Equals(object? obj) => obj is LongIndex1D other && Equals(other);
    public override int GetHashCode() => X.GetHashCode();
    public override string ToString() => $"({X})";

    public static implicit operator long(LongIndex1D idx) => idx.X;
    public static implicit operator LongIndex1D(long idx) => new(idx);
    public static explicit operator ulong(LongIndex1D idx) => (ulong)idx.X;
    public static explicit operator Index1D(LongIndex1D index) => index.ToIntIndex();
    public static LongIndex1D operator +(LongIndex1D first, LongIndex1D second) => new(first.X + second.X);
    public static LongIndex1D operator -(LongIndex1D first, LongIndex1D second) => new(first.X - second.X);
    public static LongIndex1D operator *(LongIndex1D first, LongIndex1D second) => new(first.X * second.X);
    public static LongIndex1D operator /(LongIndex1D first, LongIndex1D second) => new(first.X / second.X);
    public static bool operator ==(LongIndex1D first, LongIndex1D second) => first.X == second.X;
    public static bool operator !=(LongIndex1D first, LongIndex1D second) => first.X != second.X;
}
