using SixLabors.ImageSharp.Formats.Jpeg;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Decodes the four components of a JPEG file. ImageSharp only gives the products of the first three with the fourth. With a quantization table of zeros
/// a component is the constant 1/2, and the products are half of the others. To have their last bit, too, they are decoded a second time with double
/// contrast, which cuts off the darkest and the brightest quarter; there, samples are exact to 1 of 255. Strong colors of YCCK can thereby be off by 3.
/// </summary>
internal static class JpegPlanes
{
    // A sample is of 12 bits: its distance from the middle times the scale, and the middle. The product of it and the middle is scaled to 8 bits.
    private const int Plain = 16;
    private const int Doubled = 32;
    private const double Middle = 2048;
    private const double Product = 255 * Middle / (4095.0 * 4095.0);

    private static readonly byte[] FromPlain = [.. Enumerable.Range(0, 256).Select(product => Sample(product, Plain))];
    private static readonly byte[] FromDoubled = [.. Enumerable.Range(0, 256).Select(product => Sample(product, Doubled))];

    /// <summary>Four components a pixel.</summary>
    public static byte[] Decode(byte[] data, JpegSegments file)
    {
        var components = new byte[file.Frame.Width * file.Frame.Height * 4];
        foreach (var first in new[] { true, false })
        {
            var (plain, doubled) = (Products(first, Plain), Products(first, Doubled));
            for (var (source, target) = (0, 0); target < components.Length; target += 4, source += 3)
            {
                for (var i = 0; i < (first ? 3 : 1); i++)
                {
                    var value = doubled[source + i];
                    components[target + (first ? i : 3)] = value is >= 1 and <= 126 ? FromDoubled[value] : FromPlain[plain[source + i]];
                }
            }
        }

        return components;

        byte[] Products(bool first, int scale)
        {
            using var jpeg = file.Write(data, ColorTransform.None, first ? [scale, scale, scale, 0] : [0, 0, 0, scale]);
            return PixelDecoder.DecodeRgb(new JpegDecoder { IgnoreMetadata = true }, jpeg, file.Frame.Width, file.Frame.Height).Pixels;
        }
    }

    private static byte Sample(int product, int scale) => (byte)Math.Clamp(Math.Round(128 + (((product / Product) - Middle) / scale)), 0, 255);
}
