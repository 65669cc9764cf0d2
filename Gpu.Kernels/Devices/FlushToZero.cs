using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpu.Kernels.Devices;

/// <summary>
/// The floating-point mode in which kernels run on the CPU: subnormal results become zero (flush to zero), and subnormal operands count as zero (denormals are
/// zero). Many processors compute with subnormals in microcode, 20 to 150 times as slowly. A network that is sure of its classes has many of them in its
/// gradients.
/// </summary>
/// <remarks>
/// .NET has no interface to the control register (MXCSR on x86, FPCR on Arm64). The C library has: <c>fegetenv</c> and <c>fesetenv</c> copy it to and from a
/// structure, and Windows has <c>_controlfp_s</c>. A new thread inherits the mode of the thread that starts it, so start none inside a scope.
/// </remarks>
internal static unsafe class FlushToZero
{
    // Of the C library's structure fenv_t, which has 8 to 32 bytes.
    private const int EnvironmentBytes = 64;
    private const uint X86FlushAndDenormalsAreZero = 0x8040;
    private const uint Arm64FlushToZero = 1 << 24;
    private const uint WindowsDenormalMask = 0x0300_0000;
    private const uint WindowsDenormalFlush = 0x0100_0000;

    private static readonly Mechanism Kind;
    // Position of the control word in fenv_t, and the bits to set.
    private static readonly int ControlOffset;
    private static readonly uint ControlBits;
    private static readonly delegate* unmanaged[SuppressGCTransition]<void*, int> GetEnvironment;
    private static readonly delegate* unmanaged[SuppressGCTransition]<void*, int> SetEnvironment;
    private static readonly delegate* unmanaged[SuppressGCTransition]<uint*, uint, uint, int> ControlFloatingPoint;

    // Scopes of this thread that are open.
    [ThreadStatic]
    private static int _depth;

    static FlushToZero()
    {
        // The switch is for tests of the kernels' own flushing.
        if (Environment.GetEnvironmentVariable("GPUTRAINER_NO_FLUSH_TO_ZERO") == "1") return;
        try
        {
            if (OperatingSystem.IsWindows())
            {
                ControlFloatingPoint = (delegate* unmanaged[SuppressGCTransition]<uint*, uint, uint, int>)Export("ucrtbase.dll", "_controlfp_s");
                Kind = Mechanism.WindowsControlWord;
            }
            else if (Layout() is { } layout)
            {
                (var library, ControlOffset, ControlBits) = layout;
                GetEnvironment = (delegate* unmanaged[SuppressGCTransition]<void*, int>)Export(library, "fegetenv");
                SetEnvironment = (delegate* unmanaged[SuppressGCTransition]<void*, int>)Export(library, "fesetenv");
                Kind = Mechanism.FloatingPointEnvironment;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            Kind = Mechanism.None;
        }

        // The layout of fenv_t is not part of a standard, so the effect is tried, not assumed.
        if (Kind == Mechanism.None) return;
        using (Enter())
        {
            if (IsActive()) return;
        }

        Kind = Mechanism.None;
    }

    private enum Mechanism
    {
        None,
        FloatingPointEnvironment,
        WindowsControlWord,
    }

    /// <summary>False if this platform offers no such mode. Kernels that produce many subnormals then flush them themselves.</summary>
    public static bool IsSupported => Kind != Mechanism.None;

    /// <summary>Whether the calling thread is in this mode now: products and sums of subnormals are exactly zero.</summary>
    public static bool IsActive() => Multiply(1e-30f, 1e-10f) == 0f && Multiply(1e-39f, 1e10f) == 0f && Add(1e-39f, 1e-39f) == 0f;

    /// <summary>Sets the mode of the calling thread. Disposing the result restores the mode from before. Scopes can be nested.</summary>
    public static Scope Enter()
    {
        var scope = default(Scope);
        if (_depth++ > 0 || Kind == Mechanism.None) return scope;
        if (Kind == Mechanism.WindowsControlWord)
        {
            uint control;
            _ = ControlFloatingPoint(&control, 0, 0);
            *(uint*)scope.Saved = control;
            _ = ControlFloatingPoint(&control, WindowsDenormalFlush, WindowsDenormalMask);
            return scope;
        }

        var changed = stackalloc byte[EnvironmentBytes];
        _ = GetEnvironment(scope.Saved);
        Unsafe.CopyBlockUnaligned(changed, scope.Saved, EnvironmentBytes);
        // All bits lie in the lower 32 of the control register.
        *(uint*)(changed + ControlOffset) |= ControlBits;
        _ = SetEnvironment(changed);
        return scope;
    }

    // The library with fegetenv, the offset of the control word in its fenv_t, and the bits to set.
    private static (string Library, int Offset, uint Bits)? Layout()
    {
        var isX86 = RuntimeInformation.ProcessArchitecture == Architecture.X64;
        if (!isX86 && RuntimeInformation.ProcessArchitecture != Architecture.Arm64) return null;
        var bits = isX86 ? X86FlushAndDenormalsAreZero : Arm64FlushToZero;
        // macOS: x87 words and MXCSR; status register (8 bytes) and control register. glibc and musl: 28 bytes of x87 state and MXCSR; control register first.
        if (OperatingSystem.IsMacOS()) return ("libSystem.dylib", isX86 ? 4 : 8, bits);
        if (!OperatingSystem.IsLinux()) return null;
        foreach (var name in new[] { "libm.so.6", "libc.so", isX86 ? "libc.musl-x86_64.so.1" : "libc.musl-aarch64.so.1" })
        {
            if (!NativeLibrary.TryLoad(name, out var library)) continue;
            if (NativeLibrary.TryGetExport(library, "fesetenv", out _)) return (name, isX86 ? 28 : 0, bits);
        }

        return null;
    }

    private static nint Export(string library, string name) => NativeLibrary.GetExport(NativeLibrary.Load(library), name);

    // Not inlined, so that the compiler does not compute the result itself.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Multiply(float a, float b) => a * b;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Add(float a, float b) => a + b;

    /// <summary>Restores the mode of the thread when disposed. Dispose it on the thread that created it, in reverse order of creation.</summary>
    internal ref struct Scope
    {
        internal fixed byte Saved[EnvironmentBytes];

        /// <summary>Restores the mode.</summary>
        public void Dispose()
        {
            if (--_depth > 0 || Kind == Mechanism.None) return;
            if (Kind == Mechanism.WindowsControlWord)
            {
                uint control;
                fixed (byte* saved = Saved) _ = ControlFloatingPoint(&control, *(uint*)saved & WindowsDenormalMask, WindowsDenormalMask);
                return;
            }

            fixed (byte* saved = Saved) _ = SetEnvironment(saved);
        }
    }
}
