using Gpu.Training.Images;

namespace Gpu.Training.Data.Cache;

/// <summary>Images of a <see cref="PixelFile"/>: the pixels of an <see cref="ImageSplit"/> that are not in an array.</summary>
/// <param name="file">the file</param>
/// <param name="indices">the index in the file of each image</param>
/// <param name="channels">values per pixel that the images are read with: 1 for gray, 3 for RGB</param>
/// <param name="residentBytes">splits up to this size are copied to the device as a whole; larger ones are streamed</param>
internal sealed class MappedImages(PixelFile file, int[] indices, int channels, long residentBytes)
{
    /// <summary>Values per pixel.</summary>
    public int Channels => channels;

    /// <summary>Whether the images are streamed to the device while they are used.</summary>
    public bool IsStreamed => (long)indices.Length * ImageBytes > residentBytes;

    private int ImageBytes => file.Header.Height * file.Header.Width * channels;

    /// <summary>Copies the pixels of an image.</summary>
    /// <exception cref="DatasetException">the file was damaged</exception>
    public void Read(int index, Span<byte> destination)
    {
        try
        {
            if (channels == file.Header.Channels)
            {
                file.Read(indices[index], destination);
                return;
            }

            var pixels = new byte[file.Header.ImageBytes];
            file.Read(indices[index], pixels);
            new ByteImage(file.Header.Height, file.Header.Width, file.Header.Channels, pixels).ToChannels(channels).Pixels.CopyTo(destination);
        }
        catch (InvalidDataException e)
        {
            throw new DatasetException($"The cache of decoded images is damaged: {e.Message}. Delete it with 'gputrainer data cache --clear'.", e);
        }
    }

    /// <summary>Some of the images.</summary>
    public MappedImages Select(ReadOnlySpan<int> selected)
    {
        var chosen = new int[selected.Length];
        for (var i = 0; i < chosen.Length; i++) chosen[i] = indices[selected[i]];
        return new MappedImages(file, chosen, channels, residentBytes);
    }

    /// <summary>The same images with other channels.</summary>
    public MappedImages ToChannels(int other) => new(file, indices, other, residentBytes);

    /// <summary>Adds the sum and the sum of squares of an image to those of the channels.</summary>
    public void AddSums(int index, UInt128[] sums, UInt128[] squares)
    {
        // The sums in the file are those of its channels. Gray images have the same in each.
        if (channels == file.Header.Channels || (channels == 1 && file.IsGray(indices[index])))
        {
            for (var c = 0; c < channels; c++)
            {
                var (sum, square) = file.Sums(indices[index], c);
                sums[c] += sum;
                squares[c] += square;
            }

            return;
        }

        var pixels = new byte[ImageBytes];
        Read(index, pixels);
        for (var i = 0; i < pixels.Length; i++)
        {
            sums[i % channels] += pixels[i];
            squares[i % channels] += (uint)(pixels[i] * pixels[i]);
        }
    }

    /// <summary>Identifies the images by the checksums of their pixels, whatever their files are called.</summary>
    public void AppendTo(System.IO.Hashing.Crc32 check)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        foreach (var index in indices)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(word, file.PixelChecksum(index));
            check.Append(word);
        }
    }
}
