using System.Numerics;
using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>Atomic operations; each returns the value before it. Groups run at the same time, so floating-point sums depend on their order.</summary>
public static class Atomic
{
    public static int Add(ref int target, int value) => Update<int, AddOperation<int>>(ref target, value);
    public static uint Add(ref uint target, uint value) => Update<uint, AddOperation<uint>>(ref target, value);
    public static long Add(ref long target, long value) => Update<long, AddOperation<long>>(ref target, value);
    public static ulong Add(ref ulong target, ulong value) => Update<ulong, AddOperation<ulong>>(ref target, value);
    public static float Add(ref float target, float value) => Update<float, AddOperation<float>>(ref target, value);
    public static double Add(ref double target, double value) => Update<double, AddOperation<double>>(ref target, value);

    public static int Max(ref int target, int value) => Update<int, MaxOperation<int>>(ref target, value);
    public static uint Max(ref uint target, uint value) => Update<uint, MaxOperation<uint>>(ref target, value);
    public static long Max(ref long target, long value) => Update<long, MaxOperation<long>>(ref target, value);
    public static ulong Max(ref ulong target, ulong value) => Update<ulong, MaxOperation<ulong>>(ref target, value);
    public static float Max(ref float target, float value) => Update<float, MaxOperation<float>>(ref target, value);
    public static double Max(ref double target, double value) => Update<double, MaxOperation<double>>(ref target, value);

    public static int Min(ref int target, int value) => Update<int, MinOperation<int>>(ref target, value);
    public static uint Min(ref uint target, uint value) => Update<uint, MinOperation<uint>>(ref target, value);
    public static long Min(ref long target, long value) => Update<long, MinOperation<long>>(ref target, value);
    public static ulong Min(ref ulong target, ulong value) => Update<ulong, MinOperation<ulong>>(ref target, value);
    public static float Min(ref float target, float value) => Update<float, MinOperation<float>>(ref target, value);
    public static double Min(ref double target, double value) => Update<double, MinOperation<double>>(ref target, value);

    public static int And(ref int target, int value) => Update<int, AndOperation<int>>(ref target, value);
    public static uint And(ref uint target, uint value) => Update<uint, AndOperation<uint>>(ref target, value);
    public static long And(ref long target, long value) => Update<long, AndOperation<long>>(ref target, value);
    public static ulong And(ref ulong target, ulong value) => Update<ulong, AndOperation<ulong>>(ref target, value);

    public static int Or(ref int target, int value) => Update<int, OrOperation<int>>(ref target, value);
    public static uint Or(ref uint target, uint value) => Update<uint, OrOperation<uint>>(ref target, value);
    public static long Or(ref long target, long value) => Update<long, OrOperation<long>>(ref target, value);
    public static ulong Or(ref ulong target, ulong value) => Update<ulong, OrOperation<ulong>>(ref target, value);

    public static int Xor(ref int target, int value) => Update<int, XorOperation<int>>(ref target, value);
    public static uint Xor(ref uint target, uint value) => Update<uint, XorOperation<uint>>(ref target, value);
    public static long Xor(ref long target, long value) => Update<long, XorOperation<long>>(ref target, value);
    public static ulong Xor(ref ulong target, ulong value) => Update<ulong, XorOperation<ulong>>(ref target, value);

    public static Index1D Add(ref Index1D target, Index1D value) => Add(ref Unsafe.As<Index1D, int>(ref target), value.X);

    public static int Exchange(ref int target, int value) => Interlocked.Exchange(ref target, value);
    public static uint Exchange(ref uint target, uint value) => Interlocked.Exchange(ref target, value);
    public static long Exchange(ref long target, long value) => Interlocked.Exchange(ref target, value);
    public static ulong Exchange(ref ulong target, ulong value) => Interlocked.Exchange(ref target, value);
    public static float Exchange(ref float target, float value) => Interlocked.Exchange(ref target, value);
    public static double Exchange(ref double target, double value) => Interlocked.Exchange(ref target, value);

    public static int CompareExchange(ref int target, int compare, int value) => Interlocked.CompareExchange(ref target, value, compare);
    public static uint CompareExchange(ref uint target, uint compare, uint value) => Interlocked.CompareExchange(ref target, value, compare);
    public static long CompareExchange(ref long target, long compare, long value) => Interlocked.CompareExchange(ref target, value, compare);
    public static ulong CompareExchange(ref ulong target, ulong compare, ulong value) => Interlocked.CompareExchange(ref target, value, compare);
    public static float CompareExchange(ref float target, float compare, float value) => Interlocked.CompareExchange(ref target, value, compare);
    public static double CompareExchange(ref double target, double compare, double value) => Interlocked.CompareExchange(ref target, value, compare);

    private static T Update<T, TOperation>(ref T target, T value) where T : unmanaged where TOperation : IOperation<T>
    {
        while (true)
        {
            var before = target;
            if (TrySet(ref target, before, TOperation.Apply(before, value)))
                return before;
        }
    }

    // Compares bits: as numbers, NaN would never equal itself, and 0 would equal -0.
    private static bool TrySet<T>(ref T target, T before, T after) where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() == sizeof(int))
        {
            var expected = Unsafe.BitCast<T, int>(before);
            return Interlocked.CompareExchange(ref Unsafe.As<T, int>(ref target), Unsafe.BitCast<T, int>(after), expected) == expected;
        }
        var bits = Unsafe.BitCast<T, long>(before);
        return Interlocked.CompareExchange(ref Unsafe.As<T, long>(ref target), Unsafe.BitCast<T, long>(after), bits) == bits;
    }

    private interface IOperation<T>
    {
        static abstract T Apply(T first, T second);
    }

    private readonly struct AddOperation<T> : IOperation<T> where T : INumber<T>
    {
        public static T Apply(T first, T second) => unchecked(first + second);
    }

    private readonly struct MaxOperation<T> : IOperation<T> where T : INumber<T>
    {
        public static T Apply(T first, T second) => T.Max(first, second);
    }

    private readonly struct MinOperation<T> : IOperation<T> where T : INumber<T>
    {
        public static T Apply(T first, T second) => T.Min(first, second);
    }

    private readonly struct AndOperation<T> : IOperation<T> where T : IBinaryInteger<T>
    {
        public static T Apply(T first, T second) => first & second;
    }

    private readonly struct OrOperation<T> : IOperation<T> where T : IBinaryInteger<T>
    {
        public static T Apply(T first, T second) => first | second;
    }

    private readonly struct XorOperation<T> : IOperation<T> where T : IBinaryInteger<T>
    {
        public static T Apply(T first, T second) => first ^ second;
    }
}
