namespace Gpu.Training.Weights;

/// <summary>
/// Changes the order of the axes of weights: convolution weights here are [height, width, in, out], in PyTorch and ONNX [out, in, height, width].
/// </summary>
internal static class WeightAxes
{
    /// <summary>[height, width, in, out] to [out, in, height, width].</summary>
    /// <param name="values">the weights</param>
    /// <param name="shape">their shape [height, width, in, out]</param>
    public static float[] ToOihw(ReadOnlySpan<float> values, IReadOnlyList<int> shape)
    {
        var (taps, inputs, outputs) = (shape[0] * shape[1], shape[2], shape[3]);
        var result = new float[values.Length];
        for (var tap = 0; tap < taps; tap++)
            for (var i = 0; i < inputs; i++)
                for (var o = 0; o < outputs; o++)
                    result[(o * inputs + i) * taps + tap] = values[(tap * inputs + i) * outputs + o];
        return result;
    }

    /// <summary>[out, in, height, width] to [height, width, in, out].</summary>
    /// <param name="values">the weights</param>
    /// <param name="shape">their shape [out, in, height, width]</param>
    public static float[] FromOihw(ReadOnlySpan<float> values, IReadOnlyList<long> shape)
    {
        var (outputs, inputs, taps) = ((int)shape[0], (int)shape[1], (int)(shape[2] * shape[3]));
        var result = new float[values.Length];
        for (var o = 0; o < outputs; o++)
            for (var i = 0; i < inputs; i++)
                for (var tap = 0; tap < taps; tap++)
                    result[(tap * inputs + i) * outputs + o] = values[(o * inputs + i) * taps + tap];
        return result;
    }

    /// <summary>[rows, columns] to [columns, rows].</summary>
    public static float[] Transpose(ReadOnlySpan<float> values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
                result[column * rows + row] = values[row * columns + column];
        return result;
    }

    /// <summary>
    /// For each position in the order channel, height, width the position in the order height, width, channel, in which this program flattens images.
    /// </summary>
    /// <param name="positions">height * width</param>
    /// <param name="channels">channels</param>
    public static int[] FromChannelsFirst(int positions, int channels) =>
        [.. Enumerable.Range(0, positions * channels).Select(i => i % positions * channels + i / positions)];

    /// <summary>The rows of a matrix [rows, columns] in another order.</summary>
    public static float[] SelectRows(ReadOnlySpan<float> values, int columns, ReadOnlySpan<int> rows)
    {
        var result = new float[values.Length];
        for (var row = 0; row < rows.Length; row++)
            values.Slice(rows[row] * columns, columns).CopyTo(result.AsSpan(row * columns));
        return result;
    }

    /// <summary>The rows of a matrix [rows, columns] at other places: the inverse of <see cref="SelectRows"/>.</summary>
    public static float[] PlaceRows(ReadOnlySpan<float> values, int columns, ReadOnlySpan<int> rows)
    {
        var result = new float[values.Length];
        for (var row = 0; row < rows.Length; row++)
            values.Slice(row * columns, columns).CopyTo(result.AsSpan(rows[row] * columns));
        return result;
    }
}
