using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Backends;

/// <summary>
/// How a vector is read and written: whole, or its first floats only. A loop body that is generic over it is written once for the vectors that fill
/// the channels and for the rest at their end.
/// </summary>
internal interface IVectorAccess
{
    /// <summary>Reads <paramref name="count"/> floats.</summary>
    static abstract TVector Load<TBackend, TVector>(TBackend memory, int index, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;

    /// <summary>Writes <paramref name="count"/> floats.</summary>
    static abstract void Store<TBackend, TVector>(TBackend memory, int index, TVector value, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>All floats of a vector; the count is not looked at.</summary>
internal readonly struct WholeVector : IVectorAccess
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TBackend, TVector>(TBackend memory, int index, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.Load(memory, index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TBackend, TVector>(TBackend memory, int index, TVector value, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.Store(memory, index, value);
}

/// <summary>The first floats of a vector; no other memory is touched.</summary>
internal readonly struct PartialVector : IVectorAccess
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TBackend, TVector>(TBackend memory, int index, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.LoadPartial(memory, index, count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TBackend, TVector>(TBackend memory, int index, TVector value, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged => TBackend.StorePartial(memory, index, value, count);
}
