using System.Runtime.CompilerServices;

namespace Gpu.Kernels.MatrixProducts;

/// <content>
/// The tiles, each written out: neither the JIT nor ILGPU keeps an array of sums in registers. They differ in their numbers of rows alone.
/// </content>
internal partial struct MatrixProduct<TBackend, TVector, TActivation>
{
    /// <summary>Twelve rows by two vectors of columns: 14 loads for 24 multiply-adds, in 27 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TwelveRows(TBackend left, TBackend right, TBackend ahead, int length, int row, int column, bool first)
    {
        Start(row, column, first, 12, out var bias0, out var bias1);
        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1, a4 = bias0, b4 = bias1, a5 = bias0, b5 = bias1, a6 = bias0, b6 = bias1, a7 = bias0, b7 = bias1, a8 = bias0, b8 = bias1, a9 = bias0, b9 = bias1, a10 = bias0, b10 = bias1, a11 = bias0, b11 = bias1;
        for (var k = length; k > 0; k--)
        {
            TBackend.Prefetch(ahead, 0);
            var w0 = TBackend.Load(right, 0);
            var w1 = TBackend.Load(right, TBackend.Width);
            var v0 = TBackend.Broadcast(left, 0);
            a0 = TBackend.MultiplyAdd(v0, w0, a0);
            b0 = TBackend.MultiplyAdd(v0, w1, b0);
            var v1 = TBackend.Broadcast(left, 1);
            a1 = TBackend.MultiplyAdd(v1, w0, a1);
            b1 = TBackend.MultiplyAdd(v1, w1, b1);
            var v2 = TBackend.Broadcast(left, 2);
            a2 = TBackend.MultiplyAdd(v2, w0, a2);
            b2 = TBackend.MultiplyAdd(v2, w1, b2);
            var v3 = TBackend.Broadcast(left, 3);
            a3 = TBackend.MultiplyAdd(v3, w0, a3);
            b3 = TBackend.MultiplyAdd(v3, w1, b3);
            var v4 = TBackend.Broadcast(left, 4);
            a4 = TBackend.MultiplyAdd(v4, w0, a4);
            b4 = TBackend.MultiplyAdd(v4, w1, b4);
            var v5 = TBackend.Broadcast(left, 5);
            a5 = TBackend.MultiplyAdd(v5, w0, a5);
            b5 = TBackend.MultiplyAdd(v5, w1, b5);
            var v6 = TBackend.Broadcast(left, 6);
            a6 = TBackend.MultiplyAdd(v6, w0, a6);
            b6 = TBackend.MultiplyAdd(v6, w1, b6);
            var v7 = TBackend.Broadcast(left, 7);
            a7 = TBackend.MultiplyAdd(v7, w0, a7);
            b7 = TBackend.MultiplyAdd(v7, w1, b7);
            var v8 = TBackend.Broadcast(left, 8);
            a8 = TBackend.MultiplyAdd(v8, w0, a8);
            b8 = TBackend.MultiplyAdd(v8, w1, b8);
            var v9 = TBackend.Broadcast(left, 9);
            a9 = TBackend.MultiplyAdd(v9, w0, a9);
            b9 = TBackend.MultiplyAdd(v9, w1, b9);
            var v10 = TBackend.Broadcast(left, 10);
            a10 = TBackend.MultiplyAdd(v10, w0, a10);
            b10 = TBackend.MultiplyAdd(v10, w1, b10);
            var v11 = TBackend.Broadcast(left, 11);
            a11 = TBackend.MultiplyAdd(v11, w0, a11);
            b11 = TBackend.MultiplyAdd(v11, w1, b11);
            ahead = TBackend.Slice(ahead, WordsAhead);
            left = TBackend.Slice(left, MatrixProductGeometry.PanelRows);
            right = TBackend.Slice(right, MatrixProductGeometry.PanelVectors * TBackend.Width);
        }

        Finish(row + 0, column, a0, b0, first);
        Finish(row + 1, column, a1, b1, first);
        Finish(row + 2, column, a2, b2, first);
        Finish(row + 3, column, a3, b3, first);
        Finish(row + 4, column, a4, b4, first);
        Finish(row + 5, column, a5, b5, first);
        Finish(row + 6, column, a6, b6, first);
        Finish(row + 7, column, a7, b7, first);
        Finish(row + 8, column, a8, b8, first);
        Finish(row + 9, column, a9, b9, first);
        Finish(row + 10, column, a10, b10, first);
        Finish(row + 11, column, a11, b11, first);
    }

    /// <summary>Eight rows by two vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void EightRows(TBackend left, TBackend right, TBackend ahead, int length, int row, int column, bool first)
    {
        Start(row, column, first, 8, out var bias0, out var bias1);
        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1, a4 = bias0, b4 = bias1, a5 = bias0, b5 = bias1, a6 = bias0, b6 = bias1, a7 = bias0, b7 = bias1;
        for (var k = length; k > 0; k--)
        {
            TBackend.Prefetch(ahead, 0);
            var w0 = TBackend.Load(right, 0);
            var w1 = TBackend.Load(right, TBackend.Width);
            var v0 = TBackend.Broadcast(left, 0);
            a0 = TBackend.MultiplyAdd(v0, w0, a0);
            b0 = TBackend.MultiplyAdd(v0, w1, b0);
            var v1 = TBackend.Broadcast(left, 1);
            a1 = TBackend.MultiplyAdd(v1, w0, a1);
            b1 = TBackend.MultiplyAdd(v1, w1, b1);
            var v2 = TBackend.Broadcast(left, 2);
            a2 = TBackend.MultiplyAdd(v2, w0, a2);
            b2 = TBackend.MultiplyAdd(v2, w1, b2);
            var v3 = TBackend.Broadcast(left, 3);
            a3 = TBackend.MultiplyAdd(v3, w0, a3);
            b3 = TBackend.MultiplyAdd(v3, w1, b3);
            var v4 = TBackend.Broadcast(left, 4);
            a4 = TBackend.MultiplyAdd(v4, w0, a4);
            b4 = TBackend.MultiplyAdd(v4, w1, b4);
            var v5 = TBackend.Broadcast(left, 5);
            a5 = TBackend.MultiplyAdd(v5, w0, a5);
            b5 = TBackend.MultiplyAdd(v5, w1, b5);
            var v6 = TBackend.Broadcast(left, 6);
            a6 = TBackend.MultiplyAdd(v6, w0, a6);
            b6 = TBackend.MultiplyAdd(v6, w1, b6);
            var v7 = TBackend.Broadcast(left, 7);
            a7 = TBackend.MultiplyAdd(v7, w0, a7);
            b7 = TBackend.MultiplyAdd(v7, w1, b7);
            ahead = TBackend.Slice(ahead, WordsAhead);
            left = TBackend.Slice(left, MatrixProductGeometry.PanelRows);
            right = TBackend.Slice(right, MatrixProductGeometry.PanelVectors * TBackend.Width);
        }

        Finish(row + 0, column, a0, b0, first);
        Finish(row + 1, column, a1, b1, first);
        Finish(row + 2, column, a2, b2, first);
        Finish(row + 3, column, a3, b3, first);
        Finish(row + 4, column, a4, b4, first);
        Finish(row + 5, column, a5, b5, first);
        Finish(row + 6, column, a6, b6, first);
        Finish(row + 7, column, a7, b7, first);
    }

    /// <summary>Four rows by two vectors of columns: what fits 16 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void FourRows(TBackend left, TBackend right, TBackend ahead, int length, int row, int column, bool first)
    {
        Start(row, column, first, 4, out var bias0, out var bias1);
        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1;
        for (var k = length; k > 0; k--)
        {
            TBackend.Prefetch(ahead, 0);
            var w0 = TBackend.Load(right, 0);
            var w1 = TBackend.Load(right, TBackend.Width);
            var v0 = TBackend.Broadcast(left, 0);
            a0 = TBackend.MultiplyAdd(v0, w0, a0);
            b0 = TBackend.MultiplyAdd(v0, w1, b0);
            var v1 = TBackend.Broadcast(left, 1);
            a1 = TBackend.MultiplyAdd(v1, w0, a1);
            b1 = TBackend.MultiplyAdd(v1, w1, b1);
            var v2 = TBackend.Broadcast(left, 2);
            a2 = TBackend.MultiplyAdd(v2, w0, a2);
            b2 = TBackend.MultiplyAdd(v2, w1, b2);
            var v3 = TBackend.Broadcast(left, 3);
            a3 = TBackend.MultiplyAdd(v3, w0, a3);
            b3 = TBackend.MultiplyAdd(v3, w1, b3);
            ahead = TBackend.Slice(ahead, WordsAhead);
            left = TBackend.Slice(left, MatrixProductGeometry.PanelRows);
            right = TBackend.Slice(right, MatrixProductGeometry.PanelVectors * TBackend.Width);
        }

        Finish(row + 0, column, a0, b0, first);
        Finish(row + 1, column, a1, b1, first);
        Finish(row + 2, column, a2, b2, first);
        Finish(row + 3, column, a3, b3, first);
    }
}
