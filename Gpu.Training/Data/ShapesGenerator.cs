namespace Gpu.Training.Data;

/// <summary>
/// Generates images with masks: circles, squares and triangles of random colors, sizes and angles that overlap, on a background of another color with a
/// gradient, with noise. The classes are background, circle, square and triangle. Random numbers and arithmetic are portable, so the same seed gives the same
/// bytes on every platform.
/// </summary>
public static class ShapesGenerator
{
    /// <summary>The name of the data set.</summary>
    public const string Name = "shapes";

    /// <summary>Height and width of an image in pixels.</summary>
    public const int Side = 64;

    /// <summary>Training and test images by default.</summary>
    public const int DefaultTrainCount = 2000, DefaultTestCount = 400;

    private const int MinFigures = 2, MaxFigures = 5;
    private const double MinRadius = 7, MaxRadius = 17, Noise = 12;

    // A figure differs from what is around it by at least this much in the sum of the channels.
    private const int MinContrast = 120;

    /// <summary>The classes, by label.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = ["background", "circle", "square", "triangle"];

    /// <summary>A one-line description.</summary>
    public static string Description => "generated: overlapping circles, squares and triangles with masks, 64x64 RGB, 4 classes, 2,400 images";

    /// <summary>Whether this is the name of the data set, in upper or lower case.</summary>
    public static bool Has(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Generates the data set.</summary>
    /// <param name="seed">Random seed.</param>
    /// <param name="train">Training images, at least 1.</param>
    /// <param name="test">Test images, at least 1.</param>
    public static ImageDataset Generate(ulong seed = 1, int train = DefaultTrainCount, int test = DefaultTestCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(train);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(test);
        return new ImageDataset(Name, ClassNames, Split(seed, 0, train), Split(seed, 1, test));
    }

    private static ImageSplit Split(ulong seed, ulong part, int count)
    {
        const int pixels = Side * Side;
        var (images, masks) = (new byte[checked(3 * pixels * count)], new byte[pixels * count]);
        Parallel.For(0, count, i => Draw(
            new PortableRandom(seed, 2 * (ulong)i + part), images.AsSpan(3 * pixels * i, 3 * pixels), masks.AsSpan(pixels * i, pixels)));
        return new ImageSplit(images, new int[count], Side, Side, 3).WithMasks(masks);
    }

    private static void Draw(PortableRandom random, Span<byte> image, Span<byte> mask)
    {
        var background = Color(random);
        var (slopeX, slopeY) = (random.NextDouble(-0.8, 0.8), random.NextDouble(-0.8, 0.8));
        var colors = new List<int[]> { background };
        Span<byte> owner = stackalloc byte[Side * Side];
        owner.Clear();
        var figures = MinFigures + random.NextInt32(MaxFigures - MinFigures + 1);
        for (var figure = 1; figure <= figures; figure++)
        {
            var label = 1 + random.NextInt32(3);
            var radius = random.NextDouble(MinRadius, MaxRadius);
            var (centerX, centerY) = (random.NextDouble(4, Side - 4), random.NextDouble(4, Side - 4));
            var (cos, sin) = Direction(random);
            colors.Add(Contrasting(random, colors));
            for (var y = 0; y < Side; y++)
            {
                for (var x = 0; x < Side; x++)
                {
                    var (dx, dy) = ((x + 0.5 - centerX) / radius, (y + 0.5 - centerY) / radius);
                    if (!IsInside(label, (cos * dx) + (sin * dy), (cos * dy) - (sin * dx))) continue;
                    mask[(y * Side) + x] = (byte)label;
                    owner[(y * Side) + x] = (byte)figure;
                }
            }
        }

        for (var i = 0; i < Side * Side; i++)
        {
            var light = (((i % Side) - (Side / 2)) * slopeX) + (((i / Side) - (Side / 2)) * slopeY);
            for (var c = 0; c < 3; c++)
                image[(3 * i) + c] = (byte)Math.Clamp(Math.Floor(colors[owner[i]][c] + light + (Noise * random.NextApproximateNormal()) + 0.5), 0, 255);
        }
    }

    // In the coordinates of the figure, whose corners lie on a circle of radius 1.
    private static bool IsInside(int label, double x, double y)
    {
        const double halfSquare = 0.7071067811865476, root3 = 1.7320508075688772;
        return label switch
        {
            1 => (x * x) + (y * y) <= 1,
            2 => Math.Abs(x) <= halfSquare && Math.Abs(y) <= halfSquare,
            _ => y >= -0.5 && y <= 1 - (root3 * Math.Abs(x)),
        };
    }

    // A random direction without sine and cosine: a point of the unit disk, scaled to length 1.
    private static (double X, double Y) Direction(PortableRandom random)
    {
        while (true)
        {
            var (x, y) = (random.NextDouble(-1, 1), random.NextDouble(-1, 1));
            var square = (x * x) + (y * y);
            if (square is > 0.01 and <= 1) return (x / Math.Sqrt(square), y / Math.Sqrt(square));
        }
    }

    private static int[] Color(PortableRandom random) => [30 + random.NextInt32(196), 30 + random.NextInt32(196), 30 + random.NextInt32(196)];

    private static int[] Contrasting(PortableRandom random, List<int[]> others)
    {
        // After some tries any color will do: five colors leave enough room, but not surely.
        for (var attempt = 0; ; attempt++)
        {
            var color = Color(random);
            if (attempt == 50 || others.TrueForAll(other => color.Zip(other, (a, b) => Math.Abs(a - b)).Sum() >= MinContrast)) return color;
        }
    }
}
