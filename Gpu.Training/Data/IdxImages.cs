namespace Gpu.Training.Data;

/// <summary>The content of an IDX file of images.</summary>
/// <param name="Count">Number of images.</param>
/// <param name="Height">Rows of an image.</param>
/// <param name="Width">Columns of an image.</param>
/// <param name="Channels">Values a pixel: 1 in a file of three dimensions, the fourth dimension otherwise.</param>
/// <param name="Pixels">Count x Height x Width x Channels bytes (NHWC).</param>
public sealed record IdxImages(int Count, int Height, int Width, int Channels, byte[] Pixels);
