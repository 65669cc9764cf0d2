namespace Gpu.Training.Data.Digits;

/// <summary>
/// Draws the bundled data set: grey 28x28 images of the digits 0 to 9, white on black, as a person with a pen would leave them. Each image is a
/// writing style whose control points are moved at random, an affine and an elastic distortion, a pen of varying width and pressure, and
/// then blur, specks, stray marks, noise and contrast.
/// </summary>
/// <remarks>
/// The result depends on nothing but the seed and the index of an image: the random numbers are integer arithmetic, and the geometry uses only
/// operations that IEEE 754 defines to the last bit. So it is the same on every platform, in any order and with any number of threads.
/// </remarks>
public static class DigitsGenerator
{
    /// <summary>The bundled set's name.</summary>
    public const string Name = "digits";

    /// <summary>Rows and columns of an image.</summary>
    public const int Size = 28;

    /// <summary>Training images of the bundled set.</summary>
    public const int DefaultTrainCount = 9000;

    /// <summary>Test images of the bundled set.</summary>
    public const int DefaultTestCount = 2000;

    // Streams of random numbers: an image's index, with the part above it; and one a part for the order of the labels.
    private const ulong TestPart = 1UL << 32;
    private const ulong LabelStream = 1UL << 40;

    /// <summary>Generates the data set. Every digit occurs equally often in each part, up to one image.</summary>
    /// <param name="seed">The same seed gives the same bytes; the bundled set is that of seed 1.</param>
    /// <param name="trainCount">Number of training images, at least 1.</param>
    /// <param name="testCount">Number of test images, at least 1.</param>
    public static ImageDataset Generate(ulong seed, int trainCount = DefaultTrainCount, int testCount = DefaultTestCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(trainCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(testCount);
        var names = Enumerable.Range(0, 10).Select(digit => digit.ToString()).ToArray();
        return new ImageDataset(Name, names, GeneratePart(seed, 0, trainCount), GeneratePart(seed, TestPart, testCount));
    }

    private static ImageSplit GeneratePart(ulong seed, ulong part, int count)
    {
        var labels = new int[count];
        for (var i = 0; i < count; i++)
            labels[i] = i % 10;
        new PortableRandom(seed, LabelStream + part).Shuffle(labels.AsSpan());

        var pixels = new byte[checked(count * Size * Size)];
        Parallel.For(
            0,
            count,
            () => new InkCanvas(Size),
            (i, _, canvas) =>
            {
                DrawDigit(canvas, labels[i], new PortableRandom(seed, part + (ulong)i), pixels.AsSpan(i * Size * Size, Size * Size));
                return canvas;
            },
            _ => { });
        return new ImageSplit(pixels, labels, Size, Size, 1);
    }

    private static void DrawDigit(InkCanvas canvas, int digit, PortableRandom random, Span<byte> pixels)
    {
        canvas.Clear();
        var placement = Placement.Draw(random);
        var field = new ElasticField(random, random.NextDouble(0.03, 0.10));
        var radius = random.NextDouble(0.75, 1.6);
        var strength = random.NextDouble(0.7, 1.0);
        var softness = random.NextDouble(0.9, 1.6);
        var jitter = random.NextDouble(0.02, 0.045);
        foreach (var stroke in DigitTemplates.Choose(digit, random))
        {
            var points = stroke.Trace(random, jitter);
            for (var i = 0; i < points.Length; i++)
                points[i] = placement.Apply(field.Move(points[i]));
            DrawStroke(canvas, points, new Pen(radius, strength), softness, random);
        }

        AddMarks(canvas, random);
        canvas.Blur(random.NextDouble());
        Develop(canvas.Ink, pixels, random);
    }

    private static void DrawStroke(InkCanvas canvas, Point[] points, Pen pen, double softness, PortableRandom random)
    {
        var width = new SmoothCurve(random);
        var pressure = new SmoothCurve(random);
        var previous = default(Pen);
        for (var i = 0; i < points.Length; i++)
        {
            var along = (double)i / (points.Length - 1);
            var current = new Pen(
                Math.Max(0.4, pen.Radius * (1 + (0.35 * width.At(along)))),
                Math.Clamp(pen.Strength * (1 + (0.3 * pressure.At(along))), 0.25, 1));
            if (i > 0)
                canvas.Draw(points[i - 1], points[i], previous, current, softness);
            previous = current;
        }
    }

    // Specks of dust, and now and then a short stray mark: what keeps a single pixel from giving a digit away.
    private static void AddMarks(InkCanvas canvas, PortableRandom random)
    {
        for (var specks = random.NextInt32(5); specks > 0; specks--)
        {
            var place = new Point(random.NextDouble(0, Size), random.NextDouble(0, Size));
            var pen = new Pen(random.NextDouble(0.3, 1.0), random.NextDouble(0.2, 0.6));
            canvas.Draw(place, place, pen, pen, 1);
        }

        if (random.NextInt32(4) != 0)
            return;
        var start = new Point(random.NextDouble(0, Size), random.NextDouble(0, Size));
        var end = start + new Point(random.NextDouble(-6, 6), random.NextDouble(-6, 6));
        var faint = new Pen(random.NextDouble(0.4, 0.8), random.NextDouble(0.2, 0.5));
        canvas.Draw(start, end, faint, faint, 1);
    }

    // From ink to bytes: contrast, a background that is not quite black, and noise.
    private static void Develop(ReadOnlySpan<double> ink, Span<byte> pixels, PortableRandom random)
    {
        var contrast = random.NextDouble(170, 255);
        var grain = random.NextDouble(0, 0.12);
        var background = random.NextDouble(-30, 4);
        var noise = random.NextDouble(2, 11);
        for (var i = 0; i < pixels.Length; i++)
        {
            var value = (contrast * ink[i] * (1 + (grain * random.NextNormalish()))) + ((1 - ink[i]) * background) + (noise * random.NextNormalish());
            pixels[i] = (byte)Math.Clamp(value + 0.5, 0, 255);
        }
    }

    /// <summary>An affine map from the template's box to pixels: scale, shear, rotation, translation.</summary>
    private readonly record struct Placement(double XX, double XY, double YX, double YY, Point Centre)
    {
        public static Placement Draw(PortableRandom random)
        {
            var (sin, cos) = PortableMath.SinCos(random.NextNormalish() * 0.11);
            var height = random.NextDouble(7.8, 10.5);
            var width = height * random.NextDouble(0.8, 1.25);
            var shear = random.NextNormalish() * 0.11;
            var centre = new Point((Size / 2.0) + (random.NextNormalish() * 1.4), (Size / 2.0) + (random.NextNormalish() * 1.2));

            // Rotation x shear x scale; the shear leans the digit along x, against the direction of y.
            return new Placement(cos * width, ((-cos * shear) - sin) * height, sin * width, (cos - (sin * shear)) * height, centre);
        }

        public Point Apply(Point p) => Centre + new Point((XX * p.X) + (XY * p.Y), (YX * p.X) + (YY * p.Y));
    }
}
