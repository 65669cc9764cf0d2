namespace Gpu.Training.Data.Digits;

/// <summary>
/// Handwriting styles of the ten digits. A style is a list of strokes in the box [-0.6, 0.6] x [-1, 1], with y pointing down.
/// </summary>
internal static class DigitTemplates
{
    private static readonly StrokePath[][][] Styles =
    [
        [ // 0: oval, overlapping ends, round, slashed
            Style("M 0 -100 C -80 -100 -80 100 0 100 C 80 100 80 -100 0 -100"),
            Style("M 22 -95 C -60 -112 -78 88 -2 100 C 76 108 70 -92 -8 -100"),
            Style("M 10 -92 C -84 -100 -90 92 0 94 C 90 94 84 -98 -4 -90"),
            Style("M 0 -100 C -80 -100 -80 100 0 100 C 80 100 80 -100 0 -100", "M 46 -72 L -46 72"),
        ],
        [ // 1: a bar, with a flag, with flag and base, with a curved flag
            Style("M 0 -100 L 0 100"),
            Style("M -26 -64 L 5 -100 L 5 100"),
            Style("M -26 -66 L 4 -100 L 4 100", "M -42 100 L 48 100"),
            Style("M -26 -62 Q -4 -72 8 -100 L 4 100"),
        ],
        [ // 2: straight foot, loop in the foot, angular
            Style("M -55 -55 C -50 -115 60 -115 55 -45 C 52 0 -40 60 -60 100 L 62 100"),
            Style("M -50 -60 C -40 -115 55 -110 50 -45 C 45 10 -20 80 -50 90 C -75 95 -60 55 -35 70 C -10 85 20 105 65 85"),
            Style("M -50 -80 Q 50 -125 52 -50 Q 50 -10 -55 98 L 55 95"),
        ],
        [ // 3: round, flat top, two bows
            Style("M -50 -75 C -35 -115 55 -110 50 -50 C 45 -5 0 -5 -20 -5 C 20 -5 62 5 58 50 C 52 115 -45 110 -58 65"),
            Style("M -50 -98 L 50 -98 L -8 -20 C 40 -25 62 10 58 45 C 52 110 -40 110 -58 70"),
            Style("M -45 -90 Q 60 -110 40 -40 Q 25 -10 -15 -5 Q 75 0 50 65 Q 20 120 -55 85"),
        ],
        [ // 4: open, closed, with a curved arm
            Style("M -40 -95 L -55 15 L 60 15", "M 30 -50 L 25 100"),
            Style("M 25 100 L 25 -100 L -60 35 L 60 35"),
            Style("M -45 -90 Q -70 10 -30 15 Q 20 20 50 -5", "M 45 -90 L 30 100"),
        ],
        [ // 5: one stroke, cap drawn last, S-shaped
            Style("M 50 -100 L -45 -100 L -50 -15 C 0 -45 65 -20 58 40 C 50 110 -40 110 -60 75"),
            Style("M -35 -95 L -45 -20 C 10 -50 65 -10 55 40 C 45 110 -40 105 -60 80", "M -35 -95 L 55 -100"),
            Style("M 50 -95 Q -40 -105 -42 -50 Q -40 -15 10 -10 Q 65 0 50 60 Q 25 115 -55 90"),
        ],
        [ // 6: curved, straight back, hooked
            Style("M 35 -98 C -25 -85 -60 -10 -52 40 C -45 115 55 115 55 45 C 52 -15 -35 -15 -50 35"),
            Style("M 15 -100 Q -50 0 -48 50 C -40 115 50 110 48 50 C 45 0 -30 5 -46 50"),
            Style("M 50 -80 C 10 -120 -60 -60 -55 40 C -50 120 58 110 52 40 C 45 -20 -40 -10 -52 45"),
        ],
        [ // 7: plain, crossed, curved, with a serif
            Style("M -55 -95 L 55 -95 L -15 100"),
            Style("M -55 -95 L 55 -95 L -15 100", "M -35 0 L 42 0"),
            Style("M -50 -90 Q 20 -80 55 -98 Q 10 -20 -10 100"),
            Style("M -55 -62 L -52 -95 L 52 -95 Q 0 0 -10 100"),
        ],
        [ // 8: one stroke, two circles, open at the top
            Style("M 45 -70 C 30 -115 -55 -110 -45 -50 C -35 -5 60 0 55 55 C 48 115 -55 115 -55 50 C -52 5 40 -10 48 -65"),
            Style("M 0 -100 C -60 -100 -60 -5 0 -5 C 60 -5 60 -100 0 -100", "M 0 -5 C -75 -5 -75 100 0 100 C 75 100 75 -5 0 -5"),
            Style("M 35 -95 C -50 -110 -60 -40 0 -5 C 70 35 60 105 0 100 C -70 100 -55 25 10 -10 C 50 -35 60 -65 45 -90"),
        ],
        [ // 9: straight leg, curved tail, open loop
            Style("M 48 -50 C 45 -115 -55 -115 -52 -45 C -48 10 40 10 48 -50 L 42 100"),
            Style("M 50 -45 C 45 -115 -52 -110 -52 -45 C -50 15 45 10 50 -45 C 55 20 45 90 -30 100"),
            Style("M 40 -80 C 0 -120 -60 -70 -48 -30 C -30 10 40 -20 45 -85 Q 45 20 20 100"),
        ],
    ];

    /// <summary>Returns the strokes of a random style of a digit.</summary>
    public static StrokePath[] Choose(int digit, PortableRandom random) => Styles[digit][random.NextInt32(Styles[digit].Length)];

    private static StrokePath[] Style(params string[] strokes) => [.. strokes.Select(stroke => new StrokePath(stroke))];
}
