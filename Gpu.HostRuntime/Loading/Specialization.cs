namespace ILGPU.Runtime;

/// <summary>What a kernel is compiled for. A launch with more threads in a group than it says is an error.</summary>
public readonly record struct KernelSpecialization
{
    public static readonly KernelSpecialization Empty;

    public KernelSpecialization(int? maxNumThreadsPerGroup, int? minNumGroupsPerMultiprocessor) =>
        (MaxNumThreadsPerGroup, MinNumGroupsPerMultiprocessor) = (maxNumThreadsPerGroup, minNumGroupsPerMultiprocessor);

    public int? MaxNumThreadsPerGroup { get; }
    public int? MinNumGroupsPerMultiprocessor { get; }
}

/// <summary>Makes values that a kernel is compiled for.</summary>
public static class SpecializedValue
{
    public static SpecializedValue<T> New<T>(T value) where T : unmanaged, IEquatable<T> => new(value);
}

/// <summary>A kernel argument that a GPU compiler treats as a constant.</summary>
public struct SpecializedValue<T>(T value) : IEquatable<SpecializedValue<T>> where T : unmanaged, IEquatable<T>
{
    public T Value { get; set; } = value;

    public readonly bool Equals(SpecializedValue<T> other) => Value.Equals(other.Value);
    public override readonly bool Equals(object? obj) => obj is SpecializedValue<T> other && Equals(other);
    public override readonly int GetHashCode() => Value.GetHashCode();
    public override readonly string? ToString() => Value.ToString();

    public static bool operator ==(SpecializedValue<T> left, SpecializedValue<T> right) => left.Equals(right);
    public static bool operator !=(SpecializedValue<T> left, SpecializedValue<T> right) => !left.Equals(right);
    public static implicit operator T(SpecializedValue<T> value) => value.Value;
}
