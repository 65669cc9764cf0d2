using System.Xml.Linq;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Cli.Reports;

/// <summary>Pictures as PNG inside the page.</summary>
internal static class Picture
{
    /// <summary>The longest side of a sample in the page, in pixels.</summary>
    public const int Side = 96;

    /// <summary>A sample, made smaller if it is larger than a side.</summary>
    public static ByteImage Of(ImageSplit split, int index, int side = Side)
    {
        var pixels = new byte[split.ImageSize];
        split.CopyImage(index, pixels);
        var image = Shrink(new ByteImage(split.Height, split.Width, split.Channels, pixels), side);
        return image.Channels is 1 or 3 ? image : image.ToChannels(3);
    }

    /// <summary>An <c>img</c> element.</summary>
    public static XElement Image(ByteImage image, string alt) => Image(ImageCodec.EncodePng(image), alt);

    /// <summary>An <c>img</c> element.</summary>
    public static XElement Image(byte[] png, string alt) => Html.E("img", Html.A("src", Uri(png)), Html.A("alt", alt));

    /// <summary>A PNG as the address of itself.</summary>
    public static string Uri(byte[] png) => $"data:image/png;base64,{Convert.ToBase64String(png)}";

    /// <summary>A heat map over a gray picture: the stronger, the more orange.</summary>
    /// <param name="image">the picture</param>
    /// <param name="map">values of 0 to 1 with height and width</param>
    public static ByteImage Heat(ByteImage image, (double[] Values, int Height, int Width) map)
    {
        var result = new ByteImage(image.Height, image.Width, 3);
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
            {
                var heat = Sample(map, (y + 0.5) / image.Height * map.Height - 0.5, (x + 0.5) / image.Width * map.Width - 0.5);
                var gray = 0.0;
                for (var c = 0; c < image.Channels; c++) gray += image.Pixels[(y * image.Width + x) * image.Channels + c] / (double)image.Channels;
                var at = (y * image.Width + x) * 3;
                // From the gray picture, darker, to the vermilion of the palette.
                ReadOnlySpan<double> hot = [255, 120, 20];
                for (var c = 0; c < 3; c++) result.Pixels[at + c] = (byte)Math.Clamp((1 - 0.75 * heat) * (0.7 * gray) + 0.75 * heat * hot[c], 0, 255);
            }
        }

        return result;
    }

    private static double Sample((double[] Values, int Height, int Width) map, double y, double x)
    {
        var (y0, x0) = ((int)Math.Floor(y), (int)Math.Floor(x));
        var (fy, fx) = (y - y0, x - x0);
        double At(int row, int column) => map.Values[Math.Clamp(row, 0, map.Height - 1) * map.Width + Math.Clamp(column, 0, map.Width - 1)];
        return (1 - fy) * ((1 - fx) * At(y0, x0) + fx * At(y0, x0 + 1)) + fy * ((1 - fx) * At(y0 + 1, x0) + fx * At(y0 + 1, x0 + 1));
    }

    // Means of the pixels that fall together.
    private static ByteImage Shrink(ByteImage image, int side)
    {
        var longest = Math.Max(image.Height, image.Width);
        if (longest <= side) return image;
        var (height, width) = (Math.Max(1, image.Height * side / longest), Math.Max(1, image.Width * side / longest));
        var small = new ByteImage(height, width, image.Channels);
        for (var y = 0; y < height; y++)
        {
            var (top, bottom) = (y * image.Height / height, Math.Max(y * image.Height / height + 1, (y + 1) * image.Height / height));
            for (var x = 0; x < width; x++)
            {
                var (left, right) = (x * image.Width / width, Math.Max(x * image.Width / width + 1, (x + 1) * image.Width / width));
                for (var c = 0; c < image.Channels; c++)
                {
                    var sum = 0;
                    for (var row = top; row < bottom; row++)
                        for (var column = left; column < right; column++) sum += image.Pixels[(row * image.Width + column) * image.Channels + c];
                    small.Pixels[(y * width + x) * image.Channels + c] = (byte)(sum / ((bottom - top) * (right - left)));
                }
            }
        }

        return small;
    }
}
