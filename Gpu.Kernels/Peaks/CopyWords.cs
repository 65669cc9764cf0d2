using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Peaks;

/// <summary>Copies words. An item copies <see cref="WordsPerItem"/> of them: one vector, or a multiple of four vectors.</summary>
internal struct CopyWords<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>The words, and their copy.</summary>
    public TBackend Input, Output;

    /// <summary>Words per item.</summary>
    public int WordsPerItem;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var from = item * WordsPerItem;
        var to = from + WordsPerItem;
        var at = from;
        for (; at + 4 * TBackend.Width <= to; at += 4 * TBackend.Width)
        {
            var a = TBackend.Load(Input, at);
            var b = TBackend.Load(Input, at + TBackend.Width);
            var c = TBackend.Load(Input, at + 2 * TBackend.Width);
            var d = TBackend.Load(Input, at + 3 * TBackend.Width);
            TBackend.Store(Output, at, a);
            TBackend.Store(Output, at + TBackend.Width, b);
            TBackend.Store(Output, at + 2 * TBackend.Width, c);
            TBackend.Store(Output, at + 3 * TBackend.Width, d);
        }

        for (; at < to; at += TBackend.Width) TBackend.Store(Output, at, TBackend.Load(Input, at));
    }
}
