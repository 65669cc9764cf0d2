using System.Runtime.CompilerServices;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Pooling;

/// <summary>The sizes of a <see cref="Pool2dShape"/> for kernels, and the mapping between windows and pixels.</summary>
internal struct PoolGeometry
{
    /// <summary>See <see cref="Pool2dShape"/>.</summary>
    public int InputHeight, InputWidth, OutputHeight, OutputWidth, Channels, WindowHeight, WindowWidth, StrideHeight, StrideWidth, PaddingTop, PaddingLeft;

    /// <summary>Fast divisions by the sizes of the same names.</summary>
    public FastDivMod ByInputHeight, ByOutputHeight, ByStrideHeight, ByStrideWidth;

    /// <summary>Clips a window to the image along one axis. Returns the first pixel and the number of pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clip(int number, int stride, int padding, int window, int extent, out int first, out int count)
    {
        var begin = number * stride - padding;
        first = Math.Max(0, begin);
        count = Math.Min(extent, begin + window) - first;
    }

    /// <summary>Returns the range of windows along one axis that contain a pixel. The end is exclusive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CoveringWindows(int pixel, FastDivMod byStride, int padding, int window, int windows, out int from, out int end)
    {
        var beyond = pixel + padding - window;
        from = beyond < 0 ? 0 : byStride.Divide(beyond) + 1;
        end = Math.Min(windows, byStride.Divide(pixel + padding) + 1);
    }

    /// <summary>Returns the input rows of a row of windows, clipped to the image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Rows(int outputRow, out int first, out int count) =>
        Clip(outputRow, StrideHeight, PaddingTop, WindowHeight, InputHeight, out first, out count);

    /// <summary>Returns the input columns of a column of windows, clipped to the image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Columns(int outputColumn, out int first, out int count) =>
        Clip(outputColumn, StrideWidth, PaddingLeft, WindowWidth, InputWidth, out first, out count);

    /// <summary>Returns the range of rows of windows that contain an input row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WindowRows(int inputRow, out int from, out int end) =>
        CoveringWindows(inputRow, ByStrideHeight, PaddingTop, WindowHeight, OutputHeight, out from, out end);

    /// <summary>Returns the range of columns of windows that contain an input column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WindowColumns(int inputColumn, out int from, out int end) =>
        CoveringWindows(inputColumn, ByStrideWidth, PaddingLeft, WindowWidth, OutputWidth, out from, out end);

    /// <summary>Returns the index of the first word of the two input rows of an output row, for 2x2 windows with stride 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int RowPairIndex(int outputRow)
    {
        var sample = ByOutputHeight.Divide(outputRow);
        return (sample * InputHeight + 2 * (outputRow - sample * OutputHeight)) * InputWidth * Channels;
    }
}
