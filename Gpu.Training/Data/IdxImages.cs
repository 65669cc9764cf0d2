namespace Gpu.Training.Data;

/// <summary>The content of an IDX image file.</summary>
/// <param name="Count">Number of images.</param>
/// <param name="Height">Image height in pixels.</param>
/// <param name="Width">Image width in pixels.</param>
/// <param name="Channels">Values per pixel: the fourth dimension of the file, or 1.</param>
/// <param name="Pixels">Pixels, [count, height, width, channels].</param>
public sealed record IdxImages(int Count, int Height, int Width, int Channels, byte[] Pixels);
