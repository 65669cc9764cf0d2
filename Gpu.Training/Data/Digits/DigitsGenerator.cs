namespace Gpu.Training.Data.Digits;

/// <summary>
/// Draws the bundled data set: gray 28x28 images of handwritten digits, white on black. The control points of a random style are jittered and distorted
/// (affine and elastic), and drawn by a pen of varying width and pressure. Blur, specks, stray marks, noise and contrast are then added.
/// </summary>
/// <remarks>
/// An image depends only on the seed and its index. The random numbers use integer arithmetic, and the geometry uses only operations that IEEE 754
/// rounds correctly, so the images are the same on every platform and for any number of threads.
/// </remarks>
public static class DigitsGenerator
{
    /// <summary>Name of the data set.</summary>
    public const string Name = "digits";

    /// <summary>Height and width of an image in pixels.</summary>
    public const int Size = 28;

    /// <summary>Training images of the bundled set.</summary>
    public const int DefaultTrainCount = 9000;

    /// <summary>Test images of the bundled set.</summary>
    public const int DefaultTestCount = 2000;

    // Random streams: one per image (its index plus the offset of its split), and one per split for the order of the labels.
    private const ulong TestPart = 1UL << 32;
    private const ulong LabelStream = 1UL << 40;

    /// <summary>Generates the data set. The digits are balanced in each split, up to one image.</summary>
    /// <param name="seed">Random seed; the bundled data set has seed 1.</param>
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

    // Adds specks, and sometimes a short stray mark, so that no single pixel identifies a digit.
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

    // Converts ink to bytes, with contrast, a background that is not quite black, and noise.
    private static void Develop(ReadOnlySpan<double> ink, Span<byte> pixels, PortableRandom random)
    {
        var contrast = random.NextDouble(170, 255);
        var grain = random.NextDouble(0, 0.12);
        var background = random.NextDouble(-30, 4);
        var noise = random.NextDouble(2, 11);
        for (var i = 0; i < pixels.Length; i++)
        {
            var inked = contrast * ink[i] * (1 + (grain * random.NextApproximateNormal()));
            var value = inked + ((1 - ink[i]) * background) + (noise * random.NextApproximateNormal());
            pixels[i] = (byte)Math.Clamp(value + 0.5, 0, 255);
        }
    }

    /// <summary>An affine map from the template's box to pixels: scale, shear, rotation, translation.</summary>
    private readonly record struct Placement(double XX, double XY, double YX, double YY, Point Center)
    {
        public static Placement Draw(PortableRandom random)
        {
            var (sin, cos) = PortableMath.SinCos(random.NextApproximateNormal() * 0.11);
            var height = random.NextDouble(7.8, 10.5);
            var width = height * random.NextDouble(0.8, 1.25);
            var shear = random.NextApproximateNormal() * 0.11;
            var center = new Point((Size / 2.0) + (random.NextApproximateNormal() * 1.4), (Size / 2.0) + (random.NextApproximateNormal() * 1.2));

            // Rotation x shear x scale; the shear leans the digit along x, against the direction of y.
            return new Placement(cos * width, ((-cos * shear) - sin) * height, sin * width, (cos - (sin * shear)) * height, center);
        }

        public Point Apply(Point p) => Center + new Point((XX * p.X) + (XY * p.Y), (YX * p.X) + (YY * p.Y));
    }
}
