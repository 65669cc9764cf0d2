using Gpu.Training.Data;

namespace Gpu.Training.Images;

/// <summary>A tiny font for captions: letters, digits and some signs, 5 wide and 7 high. Others show as a box.</summary>
internal static class BitmapFont
{
    /// <summary>Columns of a character.</summary>
    public const int Width = 5;

    /// <summary>Rows of a character above the line that it stands on.</summary>
    public const int Height = 7;

    /// <summary>Columns from one character to the next.</summary>
    public const int Advance = Width + 1;

    // Seven rows a character, two hexadecimal digits each; the lowest five bits are the pixels, the highest of them on the left. Some letters have two more,
    // below the line.
    private static readonly Dictionary<char, byte[]> Glyphs = new()
    {
        [' '] = Rows("00000000000000"), ['0'] = Rows("0E11131519110E"), ['1'] = Rows("040C040404040E"), ['2'] = Rows("0E11010204081F"),
        ['3'] = Rows("1F02040201110E"), ['4'] = Rows("02060A121F0202"), ['5'] = Rows("1F101E0101110E"), ['6'] = Rows("0608101E11110E"),
        ['7'] = Rows("1F010204080808"), ['8'] = Rows("0E11110E11110E"), ['9'] = Rows("0E11110F01020C"), ['A'] = Rows("0E11111F111111"),
        ['B'] = Rows("1E11111E11111E"), ['C'] = Rows("0E11101010110E"), ['D'] = Rows("1C12111111121C"), ['E'] = Rows("1F10101E10101F"),
        ['F'] = Rows("1F10101E101010"), ['G'] = Rows("0E11101711110F"), ['H'] = Rows("1111111F111111"), ['I'] = Rows("0E04040404040E"),
        ['J'] = Rows("0702020202120C"), ['K'] = Rows("11121418141211"), ['L'] = Rows("1010101010101F"), ['M'] = Rows("111B1515111111"),
        ['N'] = Rows("11111915131111"), ['O'] = Rows("0E11111111110E"), ['P'] = Rows("1E11111E101010"), ['Q'] = Rows("0E11111115120D"),
        ['R'] = Rows("1E11111E141211"), ['S'] = Rows("0F10100E01011E"), ['T'] = Rows("1F040404040404"), ['U'] = Rows("1111111111110E"),
        ['V'] = Rows("11111111110A04"), ['W'] = Rows("1111111515150A"), ['X'] = Rows("11110A040A1111"), ['Y'] = Rows("1111110A040404"),
        ['Z'] = Rows("1F01020408101F"), ['-'] = Rows("0000001F000000"), ['.'] = Rows("00000000000C0C"), [','] = Rows("000000000C0408"),
        [':'] = Rows("000C0C000C0C00"), ['/'] = Rows("00010204081000"), ['%'] = Rows("18190204081303"), ['>'] = Rows("08040201020408"),
        ['<'] = Rows("02040810080402"), ['='] = Rows("00001F001F0000"), ['+'] = Rows("0004041F040400"), ['('] = Rows("02040808080402"),
        [')'] = Rows("08040202020408"), ['_'] = Rows("0000000000001F"), ['#'] = Rows("0A0A1F0A1F0A0A"), ['!'] = Rows("04040404040004"),
        ['?'] = Rows("0E110102040004"), ['\''] = Rows("0C040800000000"), ['&'] = Rows("0C12140815120D"), ['*'] = Rows("0004150E150400"),
        ['a'] = Rows("00000E010F110F"), ['b'] = Rows("10101E1111111E"), ['c'] = Rows("00000E1110110E"), ['d'] = Rows("01010F1111110F"),
        ['e'] = Rows("00000E111F100E"), ['f'] = Rows("06081C08080808"), ['g'] = Rows("00000F1111110F010E"), ['h'] = Rows("10101E11111111"),
        ['i'] = Rows("04000C0404040E"), ['j'] = Rows("02000602020202120C"), ['k'] = Rows("10101214181412"), ['l'] = Rows("0C04040404040E"),
        ['m'] = Rows("00001A15151515"), ['n'] = Rows("00001E11111111"), ['o'] = Rows("00000E1111110E"), ['p'] = Rows("00001E1111111E1010"),
        ['q'] = Rows("00000F1111110F0101"), ['r'] = Rows("00001619101010"), ['s'] = Rows("00000F100E011E"), ['t'] = Rows("08081C08080906"),
        ['u'] = Rows("0000111111110F"), ['v'] = Rows("00001111110A04"), ['w'] = Rows("0000111115150A"), ['x'] = Rows("0000110A040A11"),
        ['y'] = Rows("0000111111110F010E"), ['z'] = Rows("00001F0204081F"),
    };

    private static readonly byte[] Box = Rows("1F11111111111F");

    /// <summary>Whether a character has a picture of its own.</summary>
    public static bool Has(char character) => Glyphs.ContainsKey(character);

    /// <summary>Draws text into an image, clipped to it.</summary>
    /// <param name="image">What to write into.</param>
    /// <param name="left">Column of the first character's left edge.</param>
    /// <param name="top">Row of the characters' upper edge.</param>
    /// <param name="text">The text, on one line.</param>
    /// <param name="color">One value for each channel of the image.</param>
    public static void Write(ByteImage image, int left, int top, string text, ReadOnlySpan<byte> color)
    {
        foreach (var character in text)
        {
            // Letters with accents are shown without.
            var letter = Has(character) ? character : UnicodeNames.BaseLetter(character);
            var rows = Glyphs.GetValueOrDefault(letter, Box);
            for (var y = 0; y < rows.Length; y++)
            {
                for (var x = 0; x < Width; x++)
                {
                    var (column, row) = (left + x, top + y);
                    if ((rows[y] >> (Width - 1 - x) & 1) != 0 && column >= 0 && column < image.Width && row >= 0 && row < image.Height)
                        color.CopyTo(image.Pixels.AsSpan(((row * image.Width) + column) * image.Channels));
                }
            }

            left += Advance;
        }
    }

    private static byte[] Rows(string hexadecimal) => Convert.FromHexString(hexadecimal);
}
