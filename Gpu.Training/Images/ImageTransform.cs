using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace Gpu.Training.Images;

/// <summary>
/// Brings images to one size by bicubic interpolation (Catmull-Rom). Where an image shrinks, the filter widens by the same factor, which avoids aliasing.
/// </summary>
public sealed record ImageTransform
{
    /// <summary>The largest height and width.</summary>
    public const int LargestSide = 4096;

    // Images are resized in parallel, so each uses one thread.
    private static readonly Configuration SingleThread = new() { MaxDegreeOfParallelism = 1 };

    /// <summary>Height of the result in pixels, 1 to <see cref="LargestSide"/>.</summary>
    public required int Height { get; init; }

    /// <summary>Width of the result in pixels, 1 to <see cref="LargestSide"/>.</summary>
    public required int Width { get; init; }

    /// <summary>What happens to images of other proportions.</summary>
    public ImageFit Fit { get; init; } = ImageFit.Crop;

    /// <summary>Resizes an image. An image of the right size is returned as it is.</summary>
    /// <param name="image">An image of any size.</param>
    /// <param name="background">What <see cref="ImageFit.Pad"/> fills the rest with. A background that is not gray makes a padded image RGB.</param>
    public ByteImage Apply(ByteImage image, RgbColor background)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(Height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, 1);
        if ((image.Height, image.Width) == (Height, Width))
            return image;
        var (height, width) = ScaledSize(image.Height, image.Width);
        if (Fit == ImageFit.Pad && image.Channels == 1 && (height, width) != (Height, Width) && !(background.Red == background.Green
            && background.Green == background.Blue))
        {
            image = image.ToChannels(3);
        }

        var scaled = Scale(image, height, width);
        return (height, width) == (Height, Width) ? scaled : Place(scaled, background);
    }

    /// <summary>
    /// Moves a mask as <see cref="Apply"/> moves its image, by the nearest neighbor: each pixel gets the label of the pixel that its center lies in.
    /// </summary>
    /// <param name="mask">Labels, [height, width].</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="outside">The label of what <see cref="ImageFit.Pad"/> fills.</param>
    /// <returns>Labels, [<see cref="Height"/>, <see cref="Width"/>].</returns>
    public byte[] ApplyToMask(ReadOnlySpan<byte> mask, int height, int width, byte outside)
    {
        if ((height, width) == (Height, Width)) return mask.ToArray();
        var (scaledHeight, scaledWidth) = ScaledSize(height, width);
        var result = new byte[Height * Width];
        // As in Place: the center is cut out, or placed in the center.
        var (fromRow, toRow) = (Math.Max(0, (scaledHeight - Height) / 2), Math.Max(0, (Height - scaledHeight) / 2));
        var (fromColumn, toColumn) = (Math.Max(0, (scaledWidth - Width) / 2), Math.Max(0, (Width - scaledWidth) / 2));
        for (var y = 0; y < Height; y++)
        {
            var row = fromRow + y - toRow;
            for (var x = 0; x < Width; x++)
            {
                var column = fromColumn + x - toColumn;
                result[y * Width + x] = row < 0 || row >= scaledHeight || column < 0 || column >= scaledWidth ? outside
                    : mask[(int)((2L * row + 1) * height / (2L * scaledHeight)) * width + (int)((2L * column + 1) * width / (2L * scaledWidth))];
            }
        }

        return result;
    }

    /// <summary>
    /// The parts of the network's size that cover an image: what <see cref="Apply"/> gives, and with <see cref="ImageFit.Crop"/> the parts beside that center,
    /// in the same scale, from the center outward.
    /// </summary>
    /// <param name="image">An image of any size.</param>
    /// <param name="background">What <see cref="ImageFit.Pad"/> fills the rest with.</param>
    public IReadOnlyList<ByteImage> Cover(ByteImage image, RgbColor background)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Fit != ImageFit.Crop || (image.Height, image.Width) == (Height, Width)) return [Apply(image, background)];
        var (height, width) = ScaledSize(image.Height, image.Width);
        var scaled = Scale(image, height, width);
        return [.. Windows(height, width).Select(window => Cut(scaled, window.Row, window.Column))];
    }

    /// <summary>
    /// Labels of an image from the labels of its parts (<see cref="Cover"/>), by the nearest neighbor. Where parts overlap, the one whose center is nearer
    /// counts, since a network sees least at the borders of its input.
    /// </summary>
    /// <param name="parts">Labels of the parts one after the other, [parts, <see cref="Height"/>, <see cref="Width"/>].</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <returns>Labels, [height, width].</returns>
    /// <exception cref="ArgumentException"><paramref name="parts"/> does not have the length of the parts.</exception>
    public byte[] UncoverMask(ReadOnlySpan<byte> parts, int height, int width)
    {
        var (scaledHeight, scaledWidth) = (height, width) == (Height, Width) ? (Height, Width) : ScaledSize(height, width);
        // Padding is a window that begins before the image.
        (int Row, int Column)[] windows = Fit == ImageFit.Crop ? Windows(scaledHeight, scaledWidth)
            : [(-((Height - scaledHeight) / 2), -((Width - scaledWidth) / 2))];
        if (parts.Length != (long)windows.Length * Height * Width)
        {
            throw new ArgumentException(
                $"an image of {height}x{width} is covered by {windows.Length} parts of {Height}x{Width}, but {parts.Length} labels were given", nameof(parts));
        }

        // The parts lie along one axis.
        var isAcross = scaledWidth > Width;
        var nearest = new int[isAcross ? scaledWidth : scaledHeight];
        for (var at = 0; at < nearest.Length; at++)
        {
            nearest[at] = Enumerable.Range(0, windows.Length).MinBy(i => isAcross
                ? Math.Abs(2 * (at - windows[i].Column) + 1 - Width) : Math.Abs(2 * (at - windows[i].Row) + 1 - Height));
        }

        var result = new byte[height * width];
        for (var y = 0; y < height; y++)
        {
            var row = (int)((2L * y + 1) * scaledHeight / (2L * height));
            for (var x = 0; x < width; x++)
            {
                var column = (int)((2L * x + 1) * scaledWidth / (2L * width));
                var part = nearest[isAcross ? column : row];
                result[y * width + x] = parts[(part * Height + row - windows[part].Row) * Width + column - windows[part].Column];
            }
        }

        return result;
    }

    /// <summary>The text of the options, such as <c>96x128, crop</c>.</summary>
    public override string ToString() => $"{Height}x{Width}, {Fit.ToString().ToLowerInvariant()}";

    // The size after scaling, before cropping or padding.
    private (int Height, int Width) ScaledSize(int height, int width)
    {
        if (Fit == ImageFit.Stretch)
            return (Height, Width);
        var (down, across) = ((double)Height / height, (double)Width / width);
        var factor = Fit == ImageFit.Crop ? Math.Max(down, across) : Math.Min(down, across);

        // The side that decides the factor is exact, the other one is rounded.
        return factor == down ? (Height, Other(width * factor, Width)) : (Other(height * factor, Height), Width);

        int Other(double size, int limit) => Fit == ImageFit.Crop ? Math.Max(limit, (int)Math.Round(size)) : Math.Clamp((int)Math.Round(size), 1, limit);
    }

    private static ByteImage Resize<TPixel>(ByteImage image, int height, int width)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        using var source = Image.WrapMemory<TPixel>(SingleThread, image.Pixels, image.Width, image.Height);
        using var scaled = source.Clone(context => context.Resize(width, height, KnownResamplers.CatmullRom));
        var result = new ByteImage(height, width, image.Channels);
        scaled.CopyPixelDataTo(result.Pixels);
        return result;
    }

    // Where the parts that cover a scaled image begin, from the center outward. One side of the image is that of the parts.
    private (int Row, int Column)[] Windows(int height, int width)
    {
        var (size, length) = width > Width ? (Width, width) : (Height, height);
        var center = (length - size) / 2;
        List<int> starts = [center];
        for (var from = center; from > 0;)
        {
            from = Math.Max(0, from - size);
            starts.AddRange([from, 2 * center - from]);
        }

        // The center is rounded down, so a line may be left at the end.
        if (starts.Max() < length - size) starts.Add(length - size);
        return [.. starts.Select(from => width > Width ? (0, from) : (from, 0))];
    }

    private static ByteImage Scale(ByteImage image, int height, int width) => (height, width) == (image.Height, image.Width) ? image
        : image.Channels == 1 ? Resize<L8>(image, height, width) : Resize<Rgb24>(image, height, width);

    private ByteImage Cut(ByteImage scaled, int fromRow, int fromColumn)
    {
        var channels = scaled.Channels;
        var result = new ByteImage(Height, Width, channels);
        for (var y = 0; y < Height; y++)
        {
            scaled.Pixels.AsSpan(((fromRow + y) * scaled.Width + fromColumn) * channels, Width * channels)
                .CopyTo(result.Pixels.AsSpan(y * Width * channels));
        }

        return result;
    }

    // Cuts out the center, or places the image in the center of the background.
    private ByteImage Place(ByteImage scaled, RgbColor background)
    {
        var channels = scaled.Channels;
        var result = new ByteImage(Height, Width, channels);
        if (Fit == ImageFit.Pad)
        {
            ReadOnlySpan<byte> fill = channels == 1 ? [background.Red] : [background.Red, background.Green, background.Blue];
            for (var i = 0; i < result.Pixels.Length; i += channels)
                fill.CopyTo(result.Pixels.AsSpan(i));
        }

        var (rows, columns) = (Math.Min(Height, scaled.Height), Math.Min(Width, scaled.Width));
        var (fromRow, toRow) = ((scaled.Height - rows) / 2, (Height - rows) / 2);
        var (fromColumn, toColumn) = ((scaled.Width - columns) / 2, (Width - columns) / 2);
        for (var y = 0; y < rows; y++)
        {
            scaled.Pixels.AsSpan((((fromRow + y) * scaled.Width) + fromColumn) * channels, columns * channels)
                .CopyTo(result.Pixels.AsSpan((((toRow + y) * Width) + toColumn) * channels));
        }

        return result;
    }
}
