using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Backends;

/// <summary>
/// Loads and stores whole vectors, or only their first floats. A loop body that is generic over this is written once for the whole vectors and for the
/// remainder of a row.
/// </summary>
internal interface IVectorAccess
{
    /// <summary>Loads <paramref name="count"/> floats.</summary>
    static abstract TVector Load<TBackend, TVector>(TBackend memory, int index, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;

    /// <summary>Stores <paramref name="count"/> floats.</summary>
    static abstract void Store<TBackend, TVector>(TBackend memory, int index, TVector value, int count)
        where TBackend : struct, IVectorBackend<TBackend, TVector>
        where TVector : unmanaged;
}

/// <summary>All floats of a vector; the count is ignored.</summary>
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

/// <summary>The first floats of a vector; no other memory is accessed.</summary>
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
