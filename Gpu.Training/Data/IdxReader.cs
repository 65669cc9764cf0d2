using System.Buffers.Binary;

namespace Gpu.Training.Data;

/// <summary>
/// Reads IDX files, the format of MNIST (Y. LeCun, "The MNIST database", "File formats"): two zero bytes, a type code (0x08 = unsigned byte), the
/// number of dimensions, each dimension as a big-endian 32-bit number, then the values, the last dimension fastest. Gzip files are detected by their
/// first bytes. Images have three dimensions (count, height, width) or four (count, height, width, channels), labels have one.
/// </summary>
public static class IdxReader
{
    private const byte UnsignedByte = 0x08;

    /// <summary>Reads an image file.</summary>
    /// <exception cref="DatasetException">The file is missing, not IDX, of another type or dimension, truncated, too long, empty or too large.</exception>
    public static IdxImages ReadImages(string path)
    {
        using var file = DatasetFile.Open(path);
        var sizes = ReadHeader(file, "images", 3, 4);
        var channels = sizes.Length == 4 ? sizes[3] : 1;
        var shape = string.Join("x", sizes);
        for (var i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] == 0)
            {
                throw new DatasetException(
                    $"The file '{path}' has no images: its header says {shape} (count x height x width{(sizes.Length == 4 ? " x channels" : "")}). "
                    + "Every number must be at least 1.");
            }
        }

        var pixels = ReadPayload(file, sizes, $"{shape} image bytes and the header");
        return new IdxImages((int)sizes[0], (int)sizes[1], (int)sizes[2], (int)channels, pixels);
    }

    /// <summary>Reads a label file of one byte per label.</summary>
    /// <exception cref="DatasetException">The file is missing, not IDX, of another type or dimension, truncated, too long or empty.</exception>
    public static byte[] ReadLabels(string path)
    {
        using var file = DatasetFile.Open(path);
        var sizes = ReadHeader(file, "labels", 1, 1);
        if (sizes[0] == 0)
            throw new DatasetException($"The file '{path}' has no labels: its header says 0. At least one is needed.");
        return ReadPayload(file, sizes, $"{sizes[0]} labels and the header");
    }

    /// <summary>Reads images and their labels as a split.</summary>
    /// <param name="imagesPath">The image file.</param>
    /// <param name="labelsPath">The label file.</param>
    /// <param name="classes">Number of classes, or null if unknown. Labels must be below it.</param>
    /// <exception cref="DatasetException">As for the two readers; also if the counts differ or a label is out of range.</exception>
    public static ImageSplit ReadSplit(string imagesPath, string labelsPath, int? classes = null)
    {
        var images = ReadImages(imagesPath);
        var bytes = ReadLabels(labelsPath);
        if (bytes.Length != images.Count)
        {
            throw new DatasetException(
                $"'{imagesPath}' has {images.Count} images, but '{labelsPath}' has {bytes.Length} labels. The two files do not belong together: "
                + "take both from the same part (train or test) of the same data set.");
        }

        var labels = new int[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] >= classes)
            {
                throw new DatasetException(
                    $"Label {i} in '{labelsPath}' is {bytes[i]}, but there are {classes} classes (labels 0 to {classes - 1}). "
                    + "Correct the label or the number of classes.");
            }

            labels[i] = bytes[i];
        }

        return new ImageSplit(images.Pixels, labels, images.Height, images.Width, images.Channels);
    }

    private static uint[] ReadHeader(DatasetFile file, string content, int fewestDimensions, int mostDimensions)
    {
        Span<byte> magic = stackalloc byte[4];
        file.Read(magic, 4 + (4 * fewestDimensions), $"the header of an IDX file of {content}");
        var number = BinaryPrimitives.ReadUInt32BigEndian(magic);
        var wanted = $"0x{0x800 | fewestDimensions:X8}" + (fewestDimensions == mostDimensions ? "" : $" or 0x{0x800 | mostDimensions:X8}");
        if (magic[0] != 0 || magic[1] != 0)
        {
            throw new DatasetException(
                $"The file '{file.FilePath}' is not an IDX file: it begins with 0x{number:X8}, but a file of {content} begins with {wanted}. "
                + "Check that it is the right file, and that a download did not leave a web page in its place.");
        }

        if (magic[2] != UnsignedByte)
        {
            throw new DatasetException(
                $"The IDX file '{file.FilePath}' holds values of type 0x{magic[2]:X2} ({TypeName(magic[2])}), "
                + $"but {content} of type 0x08 (unsigned byte) are expected. "
                + "Convert the file to bytes.");
        }

        int dimensions = magic[3];
        if (dimensions < fewestDimensions || dimensions > mostDimensions)
        {
            throw new DatasetException(
                $"The IDX file '{file.FilePath}' has {dimensions} dimensions (it begins with 0x{number:X8}), but a file of {content} begins with {wanted}. "
                + "Images have 3 dimensions (4 with channels) and labels 1: were the two files swapped?");
        }

        var raw = new byte[4 * dimensions];
        file.Read(raw, 4 + raw.Length, $"the header of an IDX file of {content}");
        var sizes = new uint[dimensions];
        for (var i = 0; i < dimensions; i++)
            sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(4 * i));
        return sizes;
    }

    private static byte[] ReadPayload(DatasetFile file, uint[] sizes, string meaning)
    {
        // The product of four 32-bit numbers fits in 128 bits.
        UInt128 product = 1;
        foreach (var size in sizes)
            product *= size;
        var header = 4 + (4 * sizes.Length);
        if (product > (UInt128)Array.MaxLength)
        {
            throw new DatasetException(
                $"The header of the IDX file '{file.FilePath}' says {string.Join("x", sizes)} = {product} bytes; at most {Array.MaxLength} can be read. "
                + "The header is damaged, or the data set is too large: divide it.");
        }

        var total = (long)product + header;
        file.CheckCanHold(total, meaning);
        var payload = new byte[(int)product];
        file.Read(payload, total, meaning);
        file.ExpectEnd(meaning);
        return payload;
    }

    private static string TypeName(byte code) => code switch
    {
        0x09 => "signed byte",
        0x0B => "16-bit integer",
        0x0C => "32-bit integer",
        0x0D => "32-bit float",
        0x0E => "64-bit float",
        _ => "unknown",
    };
}
