using Gpu.Training.Shapes;

namespace Gpu.Training.Images;

/// <summary>Images of one size in rows, without captions.</summary>
public static class ImageGrid
{
    private const int Gap = 2, Background = 40, MostSide = 16_384, LargestDoubled = 40;

    /// <summary>Draws images row by row. Small images are drawn twice as large.</summary>
    /// <param name="pixels">The images as bytes, count x height x width x channels.</param>
    /// <param name="shape">The shape of an image, with 1 or 3 channels.</param>
    /// <param name="columns">Images of a row, at least 1.</param>
    /// <exception cref="ArgumentException">The bytes are not a whole number of images, at least one, or the picture would be too large.</exception>
    public static ByteImage Render(byte[] pixels, TensorShape shape, int columns)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (!shape.IsImage || pixels.Length == 0 || pixels.Length % shape.Length != 0)
            throw new ArgumentException($"{pixels.Length} bytes are not a whole number of images of {shape}", nameof(pixels));
        var count = pixels.Length / shape.Length;
        columns = Math.Min(columns, count);
        var rows = (count + columns - 1) / columns;
        var scale = Math.Max(shape.Height, shape.Width) <= LargestDoubled ? 2 : 1;
        var (height, width) = (Gap + (long)rows * (scale * shape.Height + Gap), Gap + (long)columns * (scale * shape.Width + Gap));
        if (Math.Max(height, width) > MostSide)
            throw new ArgumentException($"a grid of {columns} x {rows} images would have {width} x {height} pixels; a side can have {MostSide}");
        var grid = new ByteImage((int)height, (int)width, 3);
        grid.Pixels.AsSpan().Fill(Background);
        for (var i = 0; i < count; i++)
        {
            var (top, left) = (Gap + i / columns * (scale * shape.Height + Gap), Gap + i % columns * (scale * shape.Width + Gap));
            var image = new ByteImage(shape.Height, shape.Width, shape.Channels, pixels[(i * shape.Length)..((i + 1) * shape.Length)]).ToChannels(3);
            for (var y = 0; y < scale * shape.Height; y++)
                for (var x = 0; x < scale * shape.Width; x++)
                    image.Pixels.AsSpan(3 * (y / scale * shape.Width + x / scale), 3).CopyTo(grid.Pixels.AsSpan(3 * ((top + y) * grid.Width + left + x)));
        }

        return grid;
    }
}
