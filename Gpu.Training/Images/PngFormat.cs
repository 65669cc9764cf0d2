namespace Gpu.Training.Images;

/// <summary>What the reader and the writer of PNG share (PNG specification, third edition, W3C).</summary>
internal static class PngFormat
{
    public const int Grey = 0;
    public const int Colour = 2;
    public const int Palette = 3;
    public const int GreyAlpha = 4;
    public const int ColourAlpha = 6;

    /// <summary>The eight bytes that every file begins with.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];
}
