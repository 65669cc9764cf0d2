using SixLabors.ImageSharp.Formats.Jpeg;

namespace Gpu.Training.Images.Formats;

/// <summary>
/// Reads JPEG: baseline, extended and progressive with Huffman codes and 8 bits (ITU-T T.81). The segments are checked here up to the end marker, and
/// ImageSharp gets those that it needs. ImageSharp 2.1.13 fills in what is missing of a truncated file, mixes up scans of some of the components, repeats
/// subsampled chroma instead of interpolating it, and does not clamp the colors of YCCK. In the last two cases it therefore only decodes the components,
/// and the rest is done here as libjpeg does it.
/// </summary>
internal static class JpegReader
{
    // More scans only serve to keep a decoder busy; progressive files have about ten.
    private const int MostScans = 500;

    public static ByteImage Read(byte[] data)
    {
        var file = ReadSegments(data);
        var frame = file.Frame;
        JpegScans.Check(data, file);
        var transform = file.Transform();
        var isInterpolated = frame.Components.Any(component => ChromaUpsampling.Applies(frame.Ratio(component)));
        var count = frame.Components.Length;
        if (!isInterpolated && transform != ColorTransform.Ycck)
            return Orientation.Apply(Decode(data, file, transform), file.Orientation);

        var components = count == 4 ? JpegPlanes.Decode(data, file) : Decode(data, file, ColorTransform.None).Pixels;
        if (count == 3 && transform == ColorTransform.YCbCr && IsUsual(frame))
        {
            ChromaUpsampling.ApplyToRgb(components, frame.Height, frame.Width, frame.Ratio(frame.Components[1]));
            return Orientation.Apply(new ByteImage(frame.Height, frame.Width, 3, components), file.Orientation);
        }

        for (var i = 0; i < count; i++)
            ChromaUpsampling.Apply(components, (frame.Height, frame.Width, count), i, frame.Ratio(frame.Components[i]));
        if (transform != ColorTransform.None)
            ChromaUpsampling.ToRgb(components, count);
        var pixels = count == 4 ? FromInvertedCmyk(components, isInverted: transform == ColorTransform.None) : components;
        return Orientation.Apply(new ByteImage(frame.Height, frame.Width, 3, pixels), file.Orientation);
    }

    // Whether only chroma is subsampled, in both components by the same ratio.
    private static bool IsUsual(JpegFrame frame)
    {
        var (luma, blue, red) = (frame.Ratio(frame.Components[0]), frame.Ratio(frame.Components[1]), frame.Ratio(frame.Components[2]));
        return luma == (1, 1) && blue == red && ChromaUpsampling.Applies(blue);
    }

    private static ByteImage Decode(byte[] data, JpegSegments file, ColorTransform? transform)
    {
        using var jpeg = file.Write(data, transform);
        return PixelDecoder.DecodeRgb(new JpegDecoder { IgnoreMetadata = true }, jpeg, file.Frame.Width, file.Frame.Height);
    }

    // Files of four components hold inverted inks: 255 is none. The colors of YCCK are not inverted.
    private static byte[] FromInvertedCmyk(ReadOnlySpan<byte> components, bool isInverted)
    {
        var pixels = new byte[components.Length / 4 * 3];
        for (var (i, target) = (0, 0); i < components.Length; i += 4)
        {
            for (var ink = 0; ink < 3; ink++)
            {
                var light = isInverted ? components[i + ink] : 255 - components[i + ink];
                pixels[target++] = (byte)(((light * components[i + 3]) + 127) / 255);
            }
        }

        return pixels;
    }

    private static JpegSegments ReadSegments(byte[] data)
    {
        var reader = new SpanReader(data) { Position = 2 };
        var file = new JpegSegments();
        var scans = 0;
        while (true)
        {
            var marker = NextMarker(ref reader);
            if (marker == JpegSegments.EndOfImage)
                break;
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
                continue; // These have no content, and mean nothing here: TEM, RSTn, SOI.
            var start = reader.Position - 2;
            var length = reader.UInt16BigEndian("the length of a segment");
            if (length < 2)
                throw new InvalidDataException($"Its segment at byte {start} says that it has {length} bytes; 2 is the least.");
            var content = reader.Bytes(length - 2, $"a segment (marker FF {marker:X2})");
            var isKept = file.Add(marker, content);
            if (marker == JpegSegments.StartOfScan)
            {
                if (++scans > MostScans)
                    throw new InvalidDataException($"It has more than {MostScans} scans.");
                SkipEntropyCodedData(ref reader);
            }

            if (isKept)
                file.Kept.Add((marker, start..reader.Position));
        }

        file.Complete();
        return file;
    }

    // The code of the next marker, behind it; what does not belong there is passed over, as by libjpeg.
    private static byte NextMarker(ref SpanReader reader)
    {
        while (true)
        {
            var code = reader.Byte("a marker");
            if (code != 0xFF)
                continue;
            while (code == 0xFF)
                code = reader.Byte("a marker");
            if (code != 0)
                return code;
        }
    }

    // Up to the next marker that is no restart marker.
    private static void SkipEntropyCodedData(ref SpanReader reader)
    {
        while (true)
        {
            var found = reader.Rest.IndexOf((byte)0xFF);
            if (found < 0 || found + 1 >= reader.Remaining)
                throw SpanReader.Truncated("the end marker (FF D9) is missing");
            reader.Position += found;
            var code = reader.Rest[1];
            if (code is not (0 or 0xFF or (>= 0xD0 and <= 0xD7)))
                return;
            reader.Position += code == 0xFF ? 1 : 2;
        }
    }
}
