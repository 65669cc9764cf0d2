using System.Globalization;
using System.Text;
using Gpu.Training.Data.Digits;

namespace Gpu.Training.Data.Tables;

/// <summary>
/// Generates small tables of two numbers and a class, the usual examples of classes that no straight line separates. Random numbers and arithmetic are
/// portable, so the same seed gives the same text on every platform.
/// </summary>
public static class TableGenerator
{
    /// <summary>Rows by default.</summary>
    public const int DefaultRows = 1000;

    /// <summary>Standard deviation of the noise by default.</summary>
    public const double DefaultNoise = 0.1;

    /// <summary>Radius of the inner circle; the outer one has 1, as in scikit-learn's make_circles with its factor.</summary>
    private const double InnerRadius = 0.5;

    /// <summary>The names: two half moons, two circles, and the arms of a spiral.</summary>
    public static IReadOnlyList<string> Names { get; } = ["moons", "circles", "spirals"];

    /// <summary>Whether there is a table of a name, in upper or lower case.</summary>
    public static bool Has(string name) => Names.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>A one-line description.</summary>
    public static string Describe(string name) => name switch
    {
        "moons" => "generated: two interleaving half circles, 2 numbers, 2 classes, 1,000 rows",
        "circles" => "generated: a circle within a circle, 2 numbers, 2 classes, 1,000 rows",
        _ => "generated: three arms of a spiral, 2 numbers, 3 classes, 1,000 rows",
    };

    /// <summary>Classes by default: 3 for spirals, else 2.</summary>
    public static int DefaultClasses(string name) => name == "spirals" ? 3 : 2;

    /// <summary>Generates a table as CSV text with the columns x1, x2 and class. The classes are balanced, up to one row.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="seed">Random seed.</param>
    /// <param name="rows">Number of rows, at least one for each class.</param>
    /// <param name="noise">Standard deviation of the noise added to both numbers, 0 or more.</param>
    /// <param name="classes">Arms of the spiral, 2 or 3; null for the default. The other tables have 2.</param>
    /// <exception cref="ArgumentException">The name is unknown, or a number is out of range.</exception>
    public static string Generate(string name, ulong seed = 1, int rows = DefaultRows, double noise = DefaultNoise, int? classes = null)
    {
        if (!Names.Contains(name)) throw new ArgumentException($"There is no table '{name}'. Tables: {string.Join(", ", Names)}.", nameof(name));
        var count = classes ?? DefaultClasses(name);
        if (count is < 2 or > 3 || (count == 3 && name != "spirals"))
            throw new ArgumentException($"{name} cannot have {count} classes: spirals have 2 or 3, the other tables 2.", nameof(classes));
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, count);
        if (!(noise >= 0 && double.IsFinite(noise))) throw new ArgumentOutOfRangeException(nameof(noise), noise, "The noise must be 0 or more.");

        var text = new StringBuilder("x1,x2,class\n");
        for (var row = 0; row < rows; row++)
        {
            var random = new PortableRandom(seed, (ulong)row);
            var label = row % count;
            var (x, y) = Place(name, label, count, random.NextDouble());
            x += noise * random.NextApproximateNormal();
            y += noise * random.NextApproximateNormal();
            text.Append(CultureInfo.InvariantCulture, $"{Cell(x)},{Cell(y)},{label}\n");
        }

        return text.ToString();
    }

    private static (double X, double Y) Place(string name, int label, int classes, double along)
    {
        switch (name)
        {
            case "moons":
                var (sin, cos) = PortableMath.SinCos(along * Math.PI);
                return label == 0 ? (cos, sin) : (1 - cos, 0.5 - sin);
            case "circles":
                (sin, cos) = PortableMath.SinCos(((2 * along) - 1) * Math.PI);
                var radius = label == 0 ? 1 : InnerRadius;
                return (radius * cos, radius * sin);
            default:
                // From the center outwards over three quarters of a turn; the root spaces the points evenly along the arm.
                var distance = Math.Sqrt(along);
                var turns = (0.75 * distance) + ((double)label / classes);
                (sin, cos) = PortableMath.SinCos((turns - Math.Floor(turns + 0.5)) * 2 * Math.PI);
                return (2 * distance * cos, 2 * distance * sin);
        }
    }

    // Four decimals in exact decimal arithmetic, so that the text does not depend on how a platform formats a double.
    private static string Cell(double value) => ((decimal)Math.Floor((value * 10_000) + 0.5) / 10_000m).ToString("0.####", CultureInfo.InvariantCulture);
}
