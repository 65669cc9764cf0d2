using System.Buffers.Binary;

namespace Gpu.Training.Images.Formats;

/// <summary>The frame header (SOF) of a JPEG file.</summary>
internal sealed class JpegFrame
{
    public JpegFrame(ReadOnlySpan<byte> content, bool isProgressive)
    {
        IsProgressive = isProgressive;
        if (content.Length < 6 || content.Length != 6 + (3 * content[5]))
            throw new InvalidDataException($"Its frame header (SOF) has {content.Length} bytes, which does not fit its number of components.");
        if (content[0] != 8)
            throw new InvalidDataException($"It has {content[0]} bits a sample; only 8 are supported. Save it as PNG of 16 bits.");
        (Height, Width) = (BinaryPrimitives.ReadUInt16BigEndian(content[1..]), BinaryPrimitives.ReadUInt16BigEndian(content[3..]));
        ImageSize.Check(Width, Height);
        Components = new Component[content[5]];
        if (Components.Length is not (1 or 3 or 4))
            throw new InvalidDataException($"It has {Components.Length} components; 1 (gray), 3 (color) or 4 (CMYK) are supported.");
        for (var i = 0; i < Components.Length; i++)
        {
            var bytes = content.Slice(6 + (3 * i), 3);
            Components[i] = new Component(bytes[0], bytes[1] >> 4, bytes[1] & 15, bytes[2]);
        }

        (Across, Down) = (Components.Max(component => component.Across), Components.Max(component => component.Down));
        if (Components.Any(one => one.Across is 0 or > 4 || one.Down is 0 or > 4 || Across % one.Across != 0 || Down % one.Down != 0 || one.Table > 3))
            throw new InvalidDataException("Its components are sampled in ratios that are not supported. Save it anew.");
    }

    public int Width { get; }

    public int Height { get; }

    public bool IsProgressive { get; }

    public Component[] Components { get; }

    /// <summary>The largest horizontal sampling factor of a component.</summary>
    public int Across { get; }

    /// <summary>The largest vertical sampling factor of a component.</summary>
    public int Down { get; }

    /// <summary>How many columns and rows of the image a sample of the component covers.</summary>
    public (int Across, int Down) Ratio(Component component) => (Across / component.Across, Down / component.Down);

    /// <summary>A component.</summary>
    /// <param name="Id">Its identifier in scan headers.</param>
    /// <param name="Across">Its horizontal sampling factor, 1 to 4.</param>
    /// <param name="Down">Its vertical sampling factor, 1 to 4.</param>
    /// <param name="Table">The number of its quantization table.</param>
    internal sealed record Component(byte Id, int Across, int Down, int Table);
}
