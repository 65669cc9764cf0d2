using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gpu.Training.Data.Masks.Coco;

/// <summary>The pixels of an annotation: polygons, or the lengths of runs (RLE) as a list or as a compressed text.</summary>
[JsonConverter(typeof(CocoSegmentationConverter))]
internal sealed record CocoSegmentation
{
    /// <summary>Polygons, each x0, y0, x1, y1 and so on in pixels from the upper left corner of the image; null for runs.</summary>
    public IReadOnlyList<double[]>? Polygons { get; init; }

    /// <summary>The lengths of runs of pixels outside and inside in turn, column by column; null for polygons and for <see cref="Text"/>.</summary>
    public long[]? Counts { get; init; }

    /// <summary>The lengths of runs in COCO's compressed form.</summary>
    public string? Text { get; init; }

    /// <summary>The size of the image that runs are for.</summary>
    public (long Height, long Width) Size { get; init; }

    /// <summary>Whether there are no pixels, as for an annotation that is a box.</summary>
    public bool IsEmpty => Polygons is { Count: 0 };

    /// <summary>Gives a label to the pixels.</summary>
    /// <param name="mask">The labels of the image, [height, width].</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="label">The label.</param>
    /// <param name="marks">Working memory of height x width + 1 elements, all false, and so again afterwards.</param>
    /// <returns>Why the pixels cannot be found; null if they were.</returns>
    public string? Paint(byte[] mask, int height, int width, byte label, bool[] marks)
    {
        if (Polygons is null) return PaintRuns(mask, height, width, label);
        foreach (var polygon in Polygons)
        {
            if (Mistake(polygon, height, width) is { } mistake) return mistake;
            var (from, to) = Mark(polygon, height, width, marks);
            var isInside = false;
            for (var at = from; at < to; at++)
            {
                isInside ^= marks[at];
                if (isInside) mask[at % height * width + at / height] = label;
            }

            if (from < to) Array.Clear(marks, from, to - from + 1);
        }

        return null;
    }

    private static string? Mistake(double[] polygon, int height, int width)
    {
        if (polygon.Length % 2 != 0) return $"a polygon has {polygon.Length} numbers, but an even number is needed: x and y of each point";
        if (polygon.Length < 6) return $"a polygon has {FolderTree.Count(polygon.Length / 2, "point")}, but at least 3 are needed";
        for (var i = 0; i < polygon.Length; i++)
        {
            // No annotation is as far outside; an edge would have any number of points.
            double size = i % 2 == 0 ? width : height;
            if (!(polygon[i] >= -size && polygon[i] <= 2 * size))
            {
                return FormattableString.Invariant($"a polygon has the point ({polygon[i / 2 * 2]}, {polygon[i / 2 * 2 + 1]}), far outside of its image of ")
                    + $"{height}x{width} (height x width)";
            }
        }

        return null;
    }

    // The rule of COCO's own reader (rleFrPoly in cocoapi's maskApi.c), so that masks are the same: edges are drawn on a grid five times as fine, and each one
    // marks the pixel from which on the column changes between outside and inside. Returns the range of marks, column by column.
    private static (int From, int To) Mark(double[] polygon, int height, int width, bool[] marks)
    {
        const int scale = 5;
        const int center = scale / 2;
        var (from, to) = (int.MaxValue, 0);
        var points = polygon.Length / 2;
        int lastU = 0, lastV = 0;
        var isFirst = true;
        for (var i = 0; i < points; i++)
        {
            var next = (i + 1) % points;
            int xs = Fine(polygon[2 * i]), ys = Fine(polygon[2 * i + 1]), xe = Fine(polygon[2 * next]), ye = Fine(polygon[2 * next + 1]);
            int dx = Math.Abs(xe - xs), dy = Math.Abs(ye - ys);
            var isFlat = dx >= dy;
            var isBackward = isFlat ? xs > xe : ys > ye;
            if (isBackward) (xs, ys, xe, ye) = (xe, ye, xs, ys);
            var steps = isFlat ? dx : dy;
            var slope = steps == 0 ? 0 : isFlat ? (double)(ye - ys) / dx : (double)(xe - xs) / dy;
            for (var d = 0; d <= steps; d++)
            {
                var t = isBackward ? steps - d : d;
                var (u, v) = isFlat ? (t + xs, (int)(ys + slope * t + 0.5)) : ((int)(xs + slope * t + 0.5), t + ys);
                if (!isFirst && u != lastU) Toggle(u < lastU ? u : u - 1, Math.Min(v, lastV));
                (lastU, lastV, isFirst) = (u, v, false);
            }
        }

        return (from, to);

        void Toggle(int u, int v)
        {
            if (u % scale != center || u < center || u / scale >= width) return;
            var row = Math.Clamp((int)Math.Ceiling((v - center) / (double)scale), 0, height);
            var at = u / scale * height + row;
            marks[at] = !marks[at];
            (from, to) = (Math.Min(from, at), Math.Max(to, at));
        }

        static int Fine(double value) => (int)(scale * value + 0.5);
    }

    private string? PaintRuns(byte[] mask, int height, int width, byte label)
    {
        if (Size != (height, width))
            return $"its runs (RLE) are for an image of {Size.Height}x{Size.Width}, but its image is {height}x{width} (height x width)";
        var counts = Counts ?? Decompress(Text!);
        if (counts is null) return "its compressed runs (RLE) are damaged";
        var pixels = (long)height * width;
        long sum = 0;
        foreach (var count in counts)
        {
            if (count < 0 || count > pixels - sum) return TooFew(count < 0 ? "have a negative length" : "have more pixels");
            sum += count;
        }

        if (sum != pixels) return TooFew($"have {sum:N0} pixels");
        var at = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            var end = at + (int)counts[i];
            for (; at < end; at++)
                if (i % 2 == 1) mask[at % height * width + at / height] = label;
        }

        return null;

        string TooFew(string found) => $"its runs (RLE) {found}, but its image has {pixels:N0}; they must fill it";
    }

    // Six bits a character: five of the number from the lowest on, one for more; the sign is that of the last. From the fourth on, numbers are differences to
    // that two before.
    private static long[]? Decompress(string text)
    {
        List<long> counts = [];
        for (var at = 0; at < text.Length;)
        {
            long value = 0;
            for (var shift = 0; ; shift += 5)
            {
                if (at == text.Length || shift > 30) return null;
                var bits = text[at++] - '0';
                if (bits is < 0 or > 63) return null;
                value |= (long)(bits & 31) << shift;
                if ((bits & 32) != 0) continue;
                if ((bits & 16) != 0) value |= -1L << (shift + 5);
                break;
            }

            counts.Add(counts.Count > 2 ? value + counts[^2] : value);
        }

        return [.. counts];
    }
}

/// <summary>Reads a list of polygons, or an object with the runs and the size.</summary>
internal sealed class CocoSegmentationConverter : JsonConverter<CocoSegmentation>
{
    /// <inheritdoc/>
    public override CocoSegmentation Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.StartArray => new CocoSegmentation { Polygons = ReadPolygons(ref reader) },
        JsonTokenType.StartObject => ReadRuns(ref reader),
        _ => throw new JsonException("a segmentation must be a list of polygons, or an object with counts and size"),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, CocoSegmentation value, JsonSerializerOptions options) => throw new NotSupportedException();

    private static List<double[]> ReadPolygons(ref Utf8JsonReader reader)
    {
        List<double[]> polygons = [];
        List<double> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("a polygon must be a list of numbers");
            numbers.Clear();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var number))
                    throw new JsonException("a polygon must be a list of numbers");
                numbers.Add(number);
            }

            polygons.Add([.. numbers]);
        }

        return polygons;
    }

    private static CocoSegmentation ReadRuns(ref Utf8JsonReader reader)
    {
        long[]? counts = null, size = null;
        string? text = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            if (name == "size") size = ReadIntegers(ref reader);
            else if (name != "counts") reader.Skip();
            else if (reader.TokenType == JsonTokenType.String) text = reader.GetString();
            else counts = ReadIntegers(ref reader);
        }

        if (size is not [var height, var width] || counts is null == text is null)
            throw new JsonException("a segmentation of runs (RLE) needs counts, a list or a text, and size, height and width");
        return new CocoSegmentation { Counts = counts, Text = text, Size = (height, width) };
    }

    private static long[] ReadIntegers(ref Utf8JsonReader reader)
    {
        List<long> numbers = [];
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("a list of whole numbers is needed");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number)) throw new JsonException("a list of whole numbers is needed");
            numbers.Add(number);
        }

        return [.. numbers];
    }
}
