using System.Runtime.CompilerServices;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>The sizes of <see cref="Pool2dShape"/> as a kernel takes them, and which windows and pixels belong together.</summary>
internal struct PoolGeometry
{
    /// <summary>See <see cref="Pool2dShape"/>.</summary>
    public int InputHeight, InputWidth, OutputHeight, OutputWidth, Channels, WindowHeight, WindowWidth, StrideHeight, StrideWidth, PaddingTop, PaddingLeft;

    /// <summary>Divisions by some of them.</summary>
    public FastDivMod ByInputHeight, ByOutputHeight, ByStrideHeight, ByStrideWidth;

    /// <summary>The part of a window along one axis that lies inside the image: its first pixel and how many there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clip(int number, int stride, int padding, int window, int extent, out int first, out int count)
    {
        var begin = number * stride - padding;
        first = Math.Max(0, begin);
        count = Math.Min(extent, begin + window) - first;
    }

    /// <summary>The windows along one axis that a pixel lies in; the end is not included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CoveringWindows(int pixel, FastDivMod byStride, int padding, int window, int windows, out int from, out int end)
    {
        var beyond = pixel + padding - window;
        from = beyond < 0 ? 0 : byStride.Divide(beyond) + 1;
        end = Math.Min(windows, byStride.Divide(pixel + padding) + 1);
    }

    /// <summary>The rows inside the image of a row of windows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Rows(int outputRow, out int first, out int count) =>
        Clip(outputRow, StrideHeight, PaddingTop, WindowHeight, InputHeight, out first, out count);

    /// <summary>The columns inside the image of a column of windows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Columns(int outputColumn, out int first, out int count) =>
        Clip(outputColumn, StrideWidth, PaddingLeft, WindowWidth, InputWidth, out first, out count);

    /// <summary>The rows of windows that a row of pixels lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WindowRows(int inputRow, out int from, out int end) =>
        CoveringWindows(inputRow, ByStrideHeight, PaddingTop, WindowHeight, OutputHeight, out from, out end);

    /// <summary>The columns of windows that a column of pixels lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WindowColumns(int inputColumn, out int from, out int end) =>
        CoveringWindows(inputColumn, ByStrideWidth, PaddingLeft, WindowWidth, OutputWidth, out from, out end);

    /// <summary>The first word of the two input rows under an output row, for windows of 2x2 side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int RowPairIndex(int outputRow)
    {
        var sample = ByOutputHeight.Divide(outputRow);
        return (sample * InputHeight + 2 * (outputRow - sample * OutputHeight)) * InputWidth * Channels;
    }
}
