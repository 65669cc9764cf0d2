using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Dense;

/// <content>
/// The tiles, each written out: neither the JIT nor ILGPU keeps an array of sums in registers. They differ in their numbers of rows alone.
/// </content>
public partial struct MatrixProduct<TMachine, TVector, TActivation>
{
    /// <summary>Twelve rows by two vectors of columns: 14 loads for 24 multiply-adds, in 27 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TwelveRows(TMachine left, TMachine right, TMachine ahead, int length, int row, int column, bool first)
    {
        Start(row, column, first, 12, out var bias0, out var bias1);
        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1, a4 = bias0, b4 = bias1, a5 = bias0, b5 = bias1, a6 = bias0, b6 = bias1, a7 = bias0, b7 = bias1, a8 = bias0, b8 = bias1, a9 = bias0, b9 = bias1, a10 = bias0, b10 = bias1, a11 = bias0, b11 = bias1;
        for (var k = length; k > 0; k--)
        {
            TMachine.Prefetch(ahead, 0);
            var w0 = TMachine.Load(right, 0);
            var w1 = TMachine.Load(right, TMachine.Width);
            var v0 = TMachine.Broadcast(left, 0);
            a0 = TMachine.MultiplyAdd(v0, w0, a0);
            b0 = TMachine.MultiplyAdd(v0, w1, b0);
            var v1 = TMachine.Broadcast(left, 1);
            a1 = TMachine.MultiplyAdd(v1, w0, a1);
            b1 = TMachine.MultiplyAdd(v1, w1, b1);
            var v2 = TMachine.Broadcast(left, 2);
            a2 = TMachine.MultiplyAdd(v2, w0, a2);
            b2 = TMachine.MultiplyAdd(v2, w1, b2);
            var v3 = TMachine.Broadcast(left, 3);
            a3 = TMachine.MultiplyAdd(v3, w0, a3);
            b3 = TMachine.MultiplyAdd(v3, w1, b3);
            var v4 = TMachine.Broadcast(left, 4);
            a4 = TMachine.MultiplyAdd(v4, w0, a4);
            b4 = TMachine.MultiplyAdd(v4, w1, b4);
            var v5 = TMachine.Broadcast(left, 5);
            a5 = TMachine.MultiplyAdd(v5, w0, a5);
            b5 = TMachine.MultiplyAdd(v5, w1, b5);
            var v6 = TMachine.Broadcast(left, 6);
            a6 = TMachine.MultiplyAdd(v6, w0, a6);
            b6 = TMachine.MultiplyAdd(v6, w1, b6);
            var v7 = TMachine.Broadcast(left, 7);
            a7 = TMachine.MultiplyAdd(v7, w0, a7);
            b7 = TMachine.MultiplyAdd(v7, w1, b7);
            var v8 = TMachine.Broadcast(left, 8);
            a8 = TMachine.MultiplyAdd(v8, w0, a8);
            b8 = TMachine.MultiplyAdd(v8, w1, b8);
            var v9 = TMachine.Broadcast(left, 9);
            a9 = TMachine.MultiplyAdd(v9, w0, a9);
            b9 = TMachine.MultiplyAdd(v9, w1, b9);
            var v10 = TMachine.Broadcast(left, 10);
            a10 = TMachine.MultiplyAdd(v10, w0, a10);
            b10 = TMachine.MultiplyAdd(v10, w1, b10);
            var v11 = TMachine.Broadcast(left, 11);
            a11 = TMachine.MultiplyAdd(v11, w0, a11);
            b11 = TMachine.MultiplyAdd(v11, w1, b11);
            ahead = TMachine.Slice(ahead, WordsAhead);
            left = TMachine.Slice(left, MatrixProductGeometry.PanelRows);
            right = TMachine.Slice(right, MatrixProductGeometry.PanelVectors * TMachine.Width);
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
    private readonly void EightRows(TMachine left, TMachine right, TMachine ahead, int length, int row, int column, bool first)
    {
        Start(row, column, first, 8, out var bias0, out var bias1);
        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1, a4 = bias0, b4 = bias1, a5 = bias0, b5 = bias1, a6 = bias0, b6 = bias1, a7 = bias0, b7 = bias1;
        for (var k = length; k > 0; k--)
        {
            TMachine.Prefetch(ahead, 0);
            var w0 = TMachine.Load(right, 0);
            var w1 = TMachine.Load(right, TMachine.Width);
            var v0 = TMachine.Broadcast(left, 0);
            a0 = TMachine.MultiplyAdd(v0, w0, a0);
            b0 = TMachine.MultiplyAdd(v0, w1, b0);
            var v1 = TMachine.Broadcast(left, 1);
            a1 = TMachine.MultiplyAdd(v1, w0, a1);
            b1 = TMachine.MultiplyAdd(v1, w1, b1);
            var v2 = TMachine.Broadcast(left, 2);
            a2 = TMachine.MultiplyAdd(v2, w0, a2);
            b2 = TMachine.MultiplyAdd(v2, w1, b2);
            var v3 = TMachine.Broadcast(left, 3);
            a3 = TMachine.MultiplyAdd(v3, w0, a3);
            b3 = TMachine.MultiplyAdd(v3, w1, b3);
            var v4 = TMachine.Broadcast(left, 4);
            a4 = TMachine.MultiplyAdd(v4, w0, a4);
            b4 = TMachine.MultiplyAdd(v4, w1, b4);
            var v5 = TMachine.Broadcast(left, 5);
            a5 = TMachine.MultiplyAdd(v5, w0, a5);
            b5 = TMachine.MultiplyAdd(v5, w1, b5);
            var v6 = TMachine.Broadcast(left, 6);
            a6 = TMachine.MultiplyAdd(v6, w0, a6);
            b6 = TMachine.MultiplyAdd(v6, w1, b6);
            var v7 = TMachine.Broadcast(left, 7);
            a7 = TMachine.MultiplyAdd(v7, w0, a7);
            b7 = TMachine.MultiplyAdd(v7, w1, b7);
            ahead = TMachine.Slice(ahead, WordsAhead);
            left = TMachine.Slice(left, MatrixProductGeometry.PanelRows);
            right = TMachine.Slice(right, MatrixProductGeometry.PanelVectors * TMachine.Width);
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
    private readonly void FourRows(TMachine left, TMachine right, TMachine ahead, int length, int row, int column, bool first)
    {
        Start(row, column, first, 4, out var bias0, out var bias1);
        TVector a0 = bias0, b0 = bias1, a1 = bias0, b1 = bias1, a2 = bias0, b2 = bias1, a3 = bias0, b3 = bias1;
        for (var k = length; k > 0; k--)
        {
            TMachine.Prefetch(ahead, 0);
            var w0 = TMachine.Load(right, 0);
            var w1 = TMachine.Load(right, TMachine.Width);
            var v0 = TMachine.Broadcast(left, 0);
            a0 = TMachine.MultiplyAdd(v0, w0, a0);
            b0 = TMachine.MultiplyAdd(v0, w1, b0);
            var v1 = TMachine.Broadcast(left, 1);
            a1 = TMachine.MultiplyAdd(v1, w0, a1);
            b1 = TMachine.MultiplyAdd(v1, w1, b1);
            var v2 = TMachine.Broadcast(left, 2);
            a2 = TMachine.MultiplyAdd(v2, w0, a2);
            b2 = TMachine.MultiplyAdd(v2, w1, b2);
            var v3 = TMachine.Broadcast(left, 3);
            a3 = TMachine.MultiplyAdd(v3, w0, a3);
            b3 = TMachine.MultiplyAdd(v3, w1, b3);
            ahead = TMachine.Slice(ahead, WordsAhead);
            left = TMachine.Slice(left, MatrixProductGeometry.PanelRows);
            right = TMachine.Slice(right, MatrixProductGeometry.PanelVectors * TMachine.Width);
        }

        Finish(row + 0, column, a0, b0, first);
        Finish(row + 1, column, a1, b1, first);
        Finish(row + 2, column, a2, b2, first);
        Finish(row + 3, column, a3, b3, first);
    }
}
