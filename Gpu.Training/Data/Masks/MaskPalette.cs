using System.Globalization;
using Gpu.Training.IO;

namespace Gpu.Training.Data.Masks;

/// <summary>
/// The names of the classes of masks, and for masks in color their colors: from the file <c>classes.txt</c>, one name a line, in the order of the numbers from
/// 0, or <c>palette.txt</c> (or <c>label_colors.txt</c>, as in CamVid), lines such as <c>128 64 32 road</c>. A color of the name <c>void</c> does not count.
/// </summary>
internal sealed class MaskPalette
{
    private static readonly string[] NameFiles = ["classes.txt"];
    private static readonly string[] ColorFiles = ["palette.txt", "label_colors.txt"];

    private MaskPalette(IReadOnlyList<string> names, IReadOnlyDictionary<int, byte>? colors) => (Names, Colors) = (names, colors);

    /// <summary>The class names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The label of each color, as red * 65536 + green * 256 + blue; null for masks of numbers.</summary>
    public IReadOnlyDictionary<int, byte>? Colors { get; }

    /// <summary>Reads the file of a folder; null if it has none.</summary>
    /// <exception cref="DatasetException">The file cannot be read.</exception>
    public static MaskPalette? TryRead(string folder)
    {
        foreach (var (names, hasColors) in new[] { (ColorFiles, true), (NameFiles, false) })
        {
            if (names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } path) return Read(path, hasColors);
        }

        return null;
    }

    /// <summary>The key of a color.</summary>
    public static int Key(byte red, byte green, byte blue) => (red << 16) | (green << 8) | blue;

    private static MaskPalette Read(string path, bool hasColors)
    {
        string[] lines;
        try
        {
            lines = [.. RegularFile.ReadAllText(path).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The file '{path}' cannot be read: {e.Message}", e);
        }

        List<string> names = [];
        var colors = new Dictionary<int, byte>();
        foreach (var line in lines)
        {
            var name = line;
            if (hasColors)
            {
                var words = line.Split((char[]?)null, 4, StringSplitOptions.RemoveEmptyEntries);
                var numbers = words.Take(3).Select(Number).ToArray();
                if (words.Length != 4 || numbers.Contains(-1))
                    throw new DatasetException($"The line '{line}' of '{path}' must be a color and a class, such as '128 64 32 road'.");
                name = words[3];
                var label = name.Equals("void", StringComparison.OrdinalIgnoreCase) ? ImageSplit.VoidLabel : (byte)Math.Min(254, names.Count);
                if (!colors.TryAdd(Key((byte)numbers[0], (byte)numbers[1], (byte)numbers[2]), label))
                    throw new DatasetException($"The color of the line '{line}' is twice in '{path}'. Give each class a color of its own.");
                if (label == ImageSplit.VoidLabel) continue;
            }

            if (names.Contains(name)) throw new DatasetException($"The class '{name}' is twice in '{path}'. Give each class a name of its own.");
            names.Add(name);
        }

        if (names.Count is < 2 or > Gpu.Kernels.PixelLoss.MaxClasses)
            throw new DatasetException($"The file '{path}' has {names.Count} classes; 2 to {Gpu.Kernels.PixelLoss.MaxClasses} are possible.");
        return new MaskPalette(names, hasColors ? colors : null);

        static int Number(string word) => byte.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1;
    }
}
