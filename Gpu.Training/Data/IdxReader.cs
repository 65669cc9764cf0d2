using System.Buffers.Binary;

namespace Gpu.Training.Data;

/// <summary>
/// Reads IDX files, the format of MNIST (Y. LeCun, "The MNIST database", "File formats"): two zero bytes, a type code, the number of dimensions, each
/// dimension as a big-endian 32-bit number, then the values, big-endian, the last dimension fastest. Gzip files are detected by their first bytes. Images
/// have three dimensions (count, height, width) or four (count, height, width, channels) and integers from 0 to 255. Labels have one dimension, or two (count,
/// columns), of which the first column is the class, as in QMNIST; they are whole numbers of any type.
/// </summary>
public static class IdxReader
{
    private const byte UnsignedByte = 0x08;
    private const byte Float = 0x0D;
    private const byte Double = 0x0E;

    /// <summary>Reads an image file.</summary>
    /// <exception cref="DatasetException">The file is missing, not IDX, of another type or dimension, truncated, too long, empty or too large.</exception>
    public static IdxImages ReadImages(string path)
    {
        using var file = DatasetFile.Open(path);
        var (type, sizes) = ReadHeader(file, "images", 3, 4);
        if (type is Float or Double)
        {
            throw new DatasetException(
                $"The IDX file '{path}' holds values of type 0x{type:X2} ({TypeName(type)}), but images of integers from 0 to 255 are expected. "
                + "Convert the file to bytes.");
        }

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

        var pixels = new byte[CheckedLength(file, type, sizes, $"{shape} pixels and the header")];
        ReadValues(file, type, sizes, $"{shape} pixels and the header", pixels, (value, index) => value is >= 0 and <= 255
            ? (byte)value
            : throw new DatasetException(
                $"Pixel {index} of the IDX file '{path}' (type 0x{type:X2}, {TypeName(type)}) is {value}, but pixels are 0 to 255. "
                + "Convert the file to bytes."));
        return new IdxImages((int)sizes[0], (int)sizes[1], (int)sizes[2], (int)channels, pixels);
    }

    /// <summary>Reads a label file: the labels, or the first column of a table of numbers.</summary>
    /// <exception cref="DatasetException">
    /// The file is missing, not IDX, of another type or dimension, truncated, too long or empty; or a label is negative, above 999,999 or no whole number.
    /// </exception>
    public static int[] ReadLabels(string path)
    {
        using var file = DatasetFile.Open(path);
        var (type, sizes) = ReadHeader(file, "labels", 1, 2);
        if (sizes[0] == 0 || sizes[^1] == 0)
            throw new DatasetException($"The file '{path}' has no labels: its header says {string.Join("x", sizes)}. At least one is needed.");
        var meaning = $"{string.Join("x", sizes)} labels and the header";
        var values = new int[CheckedLength(file, type, sizes, meaning)];
        var columns = sizes.Length == 2 ? (int)sizes[1] : 1;
        ReadValues(file, type, sizes, meaning, values, (value, index) => index % columns != 0 ? 0
            : value is >= 0 and < ImageSplit.MostClasses && value == Math.Floor(value) ? (int)value
            : throw new DatasetException($"Label {index / columns} in '{path}' is {value}; labels are whole numbers from 0 to "
                + $"{ImageSplit.MostClasses - 1:N0}. Correct the file."));
        return columns == 1 ? values : [.. Enumerable.Range(0, (int)sizes[0]).Select(row => values[row * columns])];
    }

    /// <summary>Reads images and their labels as a split.</summary>
    /// <param name="imagesPath">The image file.</param>
    /// <param name="labelsPath">The label file.</param>
    /// <param name="classes">Number of classes, or null if unknown. Labels must be below it.</param>
    /// <exception cref="DatasetException">As for the two readers; also if the counts differ or a label is out of range.</exception>
    public static ImageSplit ReadSplit(string imagesPath, string labelsPath, int? classes = null)
    {
        var images = ReadImages(imagesPath);
        var labels = ReadLabels(labelsPath);
        if (labels.Length != images.Count)
        {
            throw new DatasetException(
                $"'{imagesPath}' has {images.Count} images, but '{labelsPath}' has {labels.Length} labels. The two files do not belong together: "
                + "take both from the same part (train or test) of the same data set.");
        }

        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] >= classes)
            {
                throw new DatasetException(
                    $"Label {i} in '{labelsPath}' is {labels[i]}, but there are {classes} classes (labels 0 to {classes - 1}). "
                    + "Correct the label or the number of classes.");
            }
        }

        return new ImageSplit(images.Pixels, labels, images.Height, images.Width, images.Channels);
    }

    private static (byte Type, uint[] Sizes) ReadHeader(DatasetFile file, string content, int fewestDimensions, int mostDimensions)
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

        if (WordSize(magic[2]) == 0)
        {
            throw new DatasetException(
                $"The IDX file '{file.FilePath}' holds values of the unknown type 0x{magic[2]:X2}; known are 0x08, 0x09, 0x0B, 0x0C, 0x0D and 0x0E. The "
                + "file is damaged: download or write it again.");
        }

        int dimensions = magic[3];
        if (dimensions < fewestDimensions || dimensions > mostDimensions)
        {
            throw new DatasetException(
                $"The IDX file '{file.FilePath}' has {dimensions} dimensions (it begins with 0x{number:X8}), but a file of {content} begins with {wanted}. "
                + "Images have 3 dimensions (4 with channels) and labels 1 or 2: were the two files swapped?");
        }

        var raw = new byte[4 * dimensions];
        file.Read(raw, 4 + raw.Length, $"the header of an IDX file of {content}");
        var sizes = new uint[dimensions];
        for (var i = 0; i < dimensions; i++)
            sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(raw.AsSpan(4 * i));
        return (magic[2], sizes);
    }

    // Number of values; throws if the file cannot hold them, so that nothing is allocated for a damaged header.
    private static int CheckedLength(DatasetFile file, byte type, uint[] sizes, string meaning)
    {
        // The product of four 32-bit numbers fits in 128 bits.
        UInt128 product = 1;
        foreach (var size in sizes)
            product *= size;
        if (product > (UInt128)Array.MaxLength)
        {
            throw new DatasetException(
                $"The header of the IDX file '{file.FilePath}' says {string.Join("x", sizes)} = {product} values; at most {Array.MaxLength} can be read. "
                + "The header is damaged, or the data set is too large: divide it.");
        }

        file.CheckCanHold(Total(type, sizes, (long)product), meaning);
        return (int)product;
    }

    private static long Total(byte type, uint[] sizes, long count) => (count * WordSize(type)) + 4 + (4 * sizes.Length);

    private static void ReadValues<T>(DatasetFile file, byte type, uint[] sizes, string meaning, T[] values, Func<double, int, T> convert)
    {
        var total = Total(type, sizes, values.Length);
        if (type == UnsignedByte && values is byte[] bytes)
        {
            file.Read(bytes, total, meaning);
        }
        else
        {
            var size = WordSize(type);
            var part = new byte[size * Math.Min(values.Length, 1 << 13)];
            for (var from = 0; from < values.Length; from += part.Length / size)
            {
                var words = part.AsSpan(0, size * Math.Min(values.Length - from, part.Length / size));
                file.Read(words, total, meaning);
                for (var i = 0; i < words.Length / size; i++)
                    values[from + i] = convert(Value(type, words[(i * size)..]), from + i);
            }
        }

        file.ExpectEnd(meaning);
    }

    private static double Value(byte type, ReadOnlySpan<byte> word) => type switch
    {
        0x09 => (sbyte)word[0],
        0x0B => BinaryPrimitives.ReadInt16BigEndian(word),
        0x0C => BinaryPrimitives.ReadInt32BigEndian(word),
        Float => BinaryPrimitives.ReadSingleBigEndian(word),
        Double => BinaryPrimitives.ReadDoubleBigEndian(word),
        _ => word[0],
    };

    // Bytes of a value; 0 for an unknown type.
    private static int WordSize(byte type) => type switch
    {
        UnsignedByte or 0x09 => 1,
        0x0B => 2,
        0x0C or Float => 4,
        Double => 8,
        _ => 0,
    };

    private static string TypeName(byte code) => code switch
    {
        0x09 => "signed byte",
        0x0B => "16-bit integer",
        0x0C => "32-bit integer",
        Float => "32-bit float",
        Double => "64-bit float",
        _ => "unsigned byte",
    };
}
