using System.Globalization;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;

namespace Gpu.Training.Images;

/// <summary>Draws what a network predicts over the plane of its two inputs, with the rows of a split as points.</summary>
public static class DecisionPlot
{
    /// <summary>Height and width of the plane in pixels.</summary>
    public const int Size = 480;

    private const int Left = 64;
    private const int Top = 28;
    private const int Right = 16;
    private const int Bottom = 44;
    private const int Radius = 4;
    private const int Ticks = 5;

    // Colors of classes that are told apart with most color blindness (Okabe and Ito, "Color universal design", 2008).
    private static readonly RgbColor[] Palette =
    [
        new(0, 114, 178), new(213, 94, 0), new(0, 158, 115), new(204, 121, 167), new(240, 228, 66), new(86, 180, 233), new(230, 159, 0), new(96, 96, 96),
    ];

    private static readonly byte[] Ink = [40, 40, 40];

    /// <summary>Draws the plot: the color of the most probable class, the paler the less probable, with a line where the class changes; or the value.</summary>
    /// <param name="schema">Two columns of numbers.</param>
    /// <param name="points">Rows drawn as points, in the color of their class or value.</param>
    /// <param name="predict">Predicts rows: probabilities [rows, classes], or values [rows, 1].</param>
    /// <exception cref="ArgumentException">The schema does not have two columns of numbers.</exception>
    public static ByteImage Render(TableSchema schema, TableSplit points, Func<TableSplit, float[,]> predict)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(predict);
        if (schema.Columns.Count != 2 || schema.Columns.Any(column => column.Levels is not null))
            throw new ArgumentException("a plot of the plane needs two columns of numbers", nameof(schema));
        var x = Axis.Of(points, 0);
        var y = Axis.Of(points, 1);
        var grid = new double[2 * Size * Size];
        for (var row = 0; row < Size; row++)
        {
            for (var column = 0; column < Size; column++)
            {
                var cell = (row * Size) + column;
                grid[2 * cell] = x.ValueAt((column + 0.5) / Size);
                grid[(2 * cell) + 1] = y.ValueAt(1 - ((row + 0.5) / Size));
            }
        }

        var predicted = predict(new TableSplit(grid, 2, [], []));
        var image = new ByteImage(Top + Size + Bottom, Left + Size + Right, 3);
        image.Pixels.AsSpan().Fill(255);
        if (schema.Task == TaskKind.Regression) DrawScale(image, LegendStart(schema), DrawValues(image, predicted, points, x, y));
        else
        {
            DrawClasses(image, predicted, points, x, y);
            DrawLegend(image, schema, LegendStart(schema));
        }

        DrawFrame(image, schema, x, y);
        return image;
    }

    private static void DrawClasses(ByteImage image, float[,] probabilities, TableSplit points, Axis x, Axis y)
    {
        var classes = probabilities.GetLength(1);
        var best = new int[Size * Size];
        for (var cell = 0; cell < best.Length; cell++)
        {
            for (var c = 1; c < classes; c++)
                if (probabilities[cell, c] > probabilities[cell, best[cell]]) best[cell] = c;
        }

        for (var row = 0; row < Size; row++)
        {
            for (var column = 0; column < Size; column++)
            {
                var cell = (row * Size) + column;
                var isEdge = (column > 0 && best[cell] != best[cell - 1]) || (row > 0 && best[cell] != best[cell - Size]);
                // From white at the probability of a guess to the half-strong color at certainty.
                var strength = (probabilities[cell, best[cell]] - (1.0 / classes)) / (1 - (1.0 / classes));
                Set(image, Left + column, Top + row, isEdge ? new RgbColor(40, 40, 40) : Blend(ColorOf(best[cell]), 0.55 * Math.Clamp(strength, 0, 1)));
            }
        }

        for (var i = 0; i < points.Labels.Length; i++) DrawPoint(image, points, i, x, y, ColorOf(points.Labels[i]));
    }

    private static (double Least, double Most) DrawValues(ByteImage image, float[,] values, TableSplit points, Axis x, Axis y)
    {
        var all = values.Cast<float>().Select(value => (double)value).Concat(points.Targets).ToArray();
        var (least, most) = (all.Min(), all.Max());
        var range = most > least ? most - least : 1;
        for (var row = 0; row < Size; row++)
        {
            for (var column = 0; column < Size; column++)
                Set(image, Left + column, Top + row, ColorOfShare((values[(row * Size) + column, 0] - least) / range));
        }

        for (var i = 0; i < points.Targets.Length; i++) DrawPoint(image, points, i, x, y, ColorOfShare((points.Targets[i] - least) / range));
        return (least, most);
    }

    private static void DrawPoint(ByteImage image, TableSplit points, int index, Axis x, Axis y, RgbColor color)
    {
        var column = Left + (int)(x.ShareOf(points.Values[2 * index]) * Size);
        var row = Top + (int)((1 - y.ShareOf(points.Values[(2 * index) + 1])) * Size);
        for (var dy = -Radius; dy <= Radius; dy++)
        {
            for (var dx = -Radius; dx <= Radius; dx++)
            {
                var square = (dx * dx) + (dy * dy);
                if (square > (Radius * Radius) + 1) continue;
                Set(image, column + dx, row + dy, square > (Radius - 1) * (Radius - 1) ? new RgbColor(255, 255, 255) : color);
            }
        }
    }

    private static void DrawFrame(ByteImage image, TableSchema schema, Axis x, Axis y)
    {
        for (var i = -1; i <= Size; i++)
        {
            foreach (var (column, row) in new[] { (i, -1), (i, Size), (-1, i), (Size, i) }) Set(image, Left + column, Top + row, new RgbColor(40, 40, 40));
        }

        foreach (var (value, text) in x.TickTexts())
        {
            var column = Left + (int)(x.ShareOf(value) * Size);
            for (var i = 1; i <= 5; i++) Set(image, column, Top + Size + i, new RgbColor(40, 40, 40));
            BitmapFont.Write(image, column - (text.Length * BitmapFont.Advance / 2), Top + Size + 9, text, Ink);
        }

        foreach (var (value, text) in y.TickTexts())
        {
            var row = Top + (int)((1 - y.ShareOf(value)) * Size);
            for (var i = 1; i <= 5; i++) Set(image, Left - 1 - i, row, new RgbColor(40, 40, 40));
            BitmapFont.Write(image, Left - 9 - (text.Length * BitmapFont.Advance), row - (BitmapFont.Height / 2), text, Ink);
        }

        var name = schema.Columns[0].Name;
        BitmapFont.Write(image, Left + ((Size - (name.Length * BitmapFont.Advance)) / 2), Top + Size + 26, name, Ink);
        BitmapFont.Write(image, 4, 10, schema.Columns[1].Name, Ink);
    }

    // Behind the name of the vertical axis.
    private static int LegendStart(TableSchema schema) => Math.Max(Left, 4 + ((schema.Columns[1].Name.Length + 3) * BitmapFont.Advance));

    private static void DrawScale(ByteImage image, int left, (double Least, double Most) range) =>
        BitmapFont.Write(image, left, 10, $"blue: {Number(range.Least)}  orange: {Number(range.Most)}", Ink);

    private static void DrawLegend(ByteImage image, TableSchema schema, int left)
    {
        for (var c = 0; c < Math.Min(schema.ClassNames.Count, Palette.Length); c++)
        {
            var name = schema.ClassNames[c];
            if (left + 14 + (name.Length * BitmapFont.Advance) > image.Width) return;
            for (var i = 0; i < 9 * 9; i++) Set(image, left + (i % 9), 9 + (i / 9), Palette[c]);
            BitmapFont.Write(image, left + 13, 10, name, Ink);
            left += 26 + (name.Length * BitmapFont.Advance);
        }
    }

    private static RgbColor ColorOf(int label) => Palette[label % Palette.Length];

    private static RgbColor ColorOfShare(double share) =>
        share < 0.5 ? Blend(Palette[0], 1 - (2 * Math.Max(0, share))) : Blend(Palette[1], (2 * Math.Min(1, share)) - 1);

    private static RgbColor Blend(RgbColor color, double strength) => new(
        Mix(color.Red, strength), Mix(color.Green, strength), Mix(color.Blue, strength));

    private static byte Mix(byte value, double strength) => (byte)Math.Round(255 + ((value - 255) * strength));

    private static void Set(ByteImage image, int column, int row, RgbColor color)
    {
        if (column < 0 || column >= image.Width || row < 0 || row >= image.Height) return;
        var at = ((row * image.Width) + column) * 3;
        (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]) = (color.Red, color.Green, color.Blue);
    }

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    private readonly record struct Axis(double Least, double Most)
    {
        // The range of the points, with a margin of a tenth on both sides.
        public static Axis Of(TableSplit points, int feature)
        {
            var values = Enumerable.Range(0, points.Count).Select(row => points.Values[(2 * row) + feature]).ToArray();
            var (least, most) = (values.Min(), values.Max());
            var margin = most > least ? (most - least) / 10 : 1;
            return new Axis(least - margin, most + margin);
        }

        public double ValueAt(double share) => Least + (share * (Most - Least));

        public double ShareOf(double value) => (value - Least) / (Most - Least);

        public IEnumerable<(double Value, string Text)> TickTexts()
        {
            var ticks = AxisTicks.Linear(Least, Most, Ticks);
            return ticks.Zip(AxisTicks.Texts(ticks));
        }
    }
}
