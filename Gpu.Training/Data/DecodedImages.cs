using Gpu.Training.Data.Cache;
using Gpu.Training.Images;

namespace Gpu.Training.Data;

/// <summary>The decoded images of a folder, all of one size: in memory or in a cache file.</summary>
internal sealed class DecodedImages
{
    private readonly ByteImage?[] _images = [];
    private readonly UInt128[] _hashes = [];
    private readonly PixelFile? _file;
    private readonly int[] _indices = [];
    private readonly long _residentBytes;

    /// <summary>Images in memory; null for missing ones.</summary>
    /// <param name="images">The images.</param>
    /// <param name="hashes">The XXH3 of the file of each image.</param>
    public DecodedImages(ByteImage?[] images, UInt128[] hashes) => (_images, _hashes) = (images, hashes);

    /// <summary>Images in a file.</summary>
    public DecodedImages(PixelFile file, long residentBytes)
        : this(file, residentBytes, [.. Enumerable.Range(0, file.Header.Count)])
    {
    }

    private DecodedImages(PixelFile file, long residentBytes, int[] indices) => (_file, _residentBytes, _indices) = (file, residentBytes, indices);

    /// <summary>Whether every pixel of every image is gray.</summary>
    public bool IsGray => _file is null ? _images.All(image => image!.Channels == 1) : _indices.All(_file.IsGray);

    /// <summary>Whether an image could not be decoded.</summary>
    public bool IsMissing(int index) => _file is null ? _images[index] is null : _file.IsMissing(_indices[index]);

    /// <summary>The XXH3 of the file that an image was decoded from.</summary>
    public UInt128 SourceHash(int index) => _file is null ? _hashes[index] : _file.SourceHash(_indices[index]);

    /// <summary>The images that could be decoded.</summary>
    public DecodedImages WithoutMissing(int count)
    {
        int[] kept = [.. Enumerable.Range(0, count).Where(i => !IsMissing(i))];
        return _file is null
            ? new DecodedImages([.. kept.Select(i => _images[i])], [.. kept.Select(i => _hashes[i])])
            : new DecodedImages(_file, _residentBytes, [.. kept.Select(i => _indices[i])]);
    }

    /// <summary>Some of the images as a split, in the given order.</summary>
    /// <exception cref="DatasetException">The images do not fit into one array.</exception>
    public ImageSplit Select(int[] order, int[] labels, int channels, IReadOnlyList<string>? names)
    {
        if (_file is { } file)
        {
            var images = new MappedImages(file, [.. order.Select(i => _indices[i])], channels, _residentBytes);
            return new ImageSplit(images, labels, file.Header.Height, file.Header.Width, names);
        }

        var (height, width) = (_images[0]!.Height, _images[0]!.Width);
        var size = (long)height * width * channels;
        if (size * order.Length > Array.MaxLength)
        {
            throw new DatasetException(
                $"{order.Length} images of {height}x{width}x{channels} do not fit into one array of {Array.MaxLength} bytes. Use fewer or smaller images.");
        }

        var pixels = new byte[size * order.Length];
        for (var i = 0; i < order.Length; i++)
            _images[order[i]]!.ToChannels(channels).Pixels.CopyTo(pixels, i * size);
        return new ImageSplit(pixels, labels, height, width, channels, names);
    }
}
