namespace ILGPU;

/// <summary>A 32-bit index or extent in two dimensions; X is the fastest.</summary>
public readonly struct Index2D(int x, int y) : IIndex, IEquatable<Index2D>
{
    public static readonly Index2D Zero = new(0);
    public static readonly Index2D One = new(1);

    public Index2D(int value) : this(value, value) { }

    public int X { get; } = x;
    public int Y { get; } = y;
    public bool IsFirst => X == 0 && Y == 0;
    public int Size => checked(X * Y);
    public long LongSize => (long)X * Y;
    long IIndex.Size => LongSize;

    public bool InBounds(Index2D dimension) => X >= 0 && X < dimension.X && Y >= 0 && Y < dimension.Y;
    public bool InBoundsInclusive(Index2D dimension) => X >= 0 && X <= dimension.X && Y >= 0 && Y <= dimension.Y;
    public (int X, int Y) ToValueTuple() => (X, Y);
    public void Deconstruct(out int x, out int y) => (x, y) = (X, Y);
    public bool Equals(Index2D other) => X == other.X && Y == other.Y;
    public override bool Equals(object? obj) => obj is Index2D other && Equals(other);
    public override int GetHashCode() => HashCode.Combine(X, Y);
    public override string ToString() => $"({X}, {Y})";

    public static implicit operator Index2D((int, int) values) => new(values.Item1, values.Item2);
    public static Index2D operator +(Index2D first, Index2D second) => new(first.X + second.X, first.Y + second.Y);
    public static Index2D operator -(Index2D first, Index2D second) => new(first.X - second.X, first.Y - second.Y);
    public static Index2D operator *(Index2D first, Index2D second) => new(first.X * second.X, first.Y * second.Y);
    public static Index2D operator /(Index2D first, Index2D second) => new(first.X / second.X, first.Y / second.Y);
    public static bool operator ==(Index2D first, Index2D second) => first.Equals(second);
    public static bool operator !=(Index2D first, Index2D second) => !first.Equals(second);
}
