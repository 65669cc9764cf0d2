namespace ILGPU;

/// <summary>A 32-bit index or extent in three dimensions; X is the fastest.</summary>
public readonly struct Index3D(int x, int y, int z) : IIndex, IEquatable<Index3D>
{
    public static readonly Index3D Zero = new(0);
    public static readonly Index3D One = new(1);

    public Index3D(int value) : this(value, value, value) { }
    public Index3D(Index2D xy, int z) : this(xy.X, xy.Y, z) { }
    public Index3D(int x, Index2D yz) : this(x, yz.X, yz.Y) { }

    public int X { get; } = x;
    public int Y { get; } = y;
    public int Z { get; } = z;
    public Index2D XY => new(X, Y);
    public Index2D YZ => new(Y, Z);
    public bool IsFirst => X == 0 && Y == 0 && Z == 0;
    public int Size => checked(X * Y * Z);
    public long LongSize => (long)X * Y * Z;
    long IIndex.Size => LongSize;

    public bool InBounds(Index3D dimension) =>
        X >= 0 && X < dimension.X && Y >= 0 && Y < dimension.Y && Z >= 0 && Z < dimension.Z;
    public (int X, int Y, int Z) ToValueTuple() => (X, Y, Z);
    public void Deconstruct(out int x, out int y, out int z) => (x, y, z) = (X, Y, Z);
    public bool Equals(Index3D other) => X == other.X && Y == other.Y && Z == other.Z;
    public override bool Equals(object? obj) => obj is Index3D other && Equals(other);
    public override int GetHashCode() => HashCode.Combine(X, Y, Z);
    public override string ToString() => $"({X}, {Y}, {Z})";

    public static implicit operator Index3D((int, int, int) values) => new(values.Item1, values.Item2, values.Item3);
    public static implicit operator LongIndex3D(Index3D index) => new(index.X, index.Y, index.Z);
    public static Index3D operator +(Index3D a, Index3D b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);
    public static Index3D operator -(Index3D a, Index3D b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);
    public static Index3D operator *(Index3D a, Index3D b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z);
    public static Index3D operator /(Index3D a, Index3D b) => new(a.X / b.X, a.Y / b.Y, a.Z / b.Z);
    public static bool operator ==(Index3D first, Index3D second) => first.Equals(second);
    public static bool operator !=(Index3D first, Index3D second) => !first.Equals(second);
}

/// <summary>A 64-bit index in three dimensions, as <see cref="Grid.LongGlobalIndex"/> gives it.</summary>
public readonly struct LongIndex3D(long x, long y, long z) : IIndex
{
    public long X { get; } = x;
    public long Y { get; } = y;
    public long Z { get; } = z;
    public long Size => X * Y * Z;
    public override string ToString() => $"({X}, {Y}, {Z})";
}
