using System.Buffers.Binary;
using System.IO.Compression;
using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>Writes IDX files (see <see cref="IdxReader"/>), plain or gzip. Files are written atomically.</summary>
public static class IdxWriter
{
    /// <summary>Writes the images of a split, with three dimensions for gray images and four (count, height, width, channels) for others.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="split">The images.</param>
    /// <param name="gzip">Whether to compress. The compressed bytes may differ between versions of .NET; the content does not.</param>
    public static void WriteImages(string path, ImageSplit split, bool gzip = false)
    {
        ArgumentNullException.ThrowIfNull(split);
        int[] sizes = split.Channels == 1
            ? [split.Count, split.Height, split.Width]
            : [split.Count, split.Height, split.Width, split.Channels];
        if (split.IsMapped)
            throw new DatasetException($"{split.Count} images of {split.ImageSize} bytes are too many for an IDX file. Use --limit-train.");
        Write(path, sizes, split.Pixels, gzip);
    }

    /// <summary>Writes the labels of a split, one byte each.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="split">The labels.</param>
    /// <param name="gzip">Whether to compress.</param>
    /// <exception cref="DatasetException">A label is above 255.</exception>
    public static void WriteLabels(string path, ImageSplit split, bool gzip = false)
    {
        ArgumentNullException.ThrowIfNull(split);
        var bytes = new byte[split.Count];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (split.Labels[i] > byte.MaxValue)
                throw new DatasetException($"Label {i} is {split.Labels[i]}; an IDX file of labels holds 0 to 255. Use at most 256 classes.");
            bytes[i] = (byte)split.Labels[i];
        }

        Write(path, [split.Count], bytes, gzip);
    }

    private static void Write(string path, int[] sizes, byte[] values, bool gzip)
    {
        var content = new byte[4 + (4 * sizes.Length) + values.Length];
        content[2] = 0x08;
        content[3] = (byte)sizes.Length;
        for (var i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(4 + (4 * i)), sizes[i]);
        values.CopyTo(content, content.Length - values.Length);
        AtomicFile.Write(path, stream =>
        {
            using var compressed = gzip ? new GZipStream(stream, CompressionLevel.SmallestSize, leaveOpen: true) : null;
            (compressed ?? stream).Write(content);
        });
    }
}
