using Gpu.Training.Images.Formats;

namespace Gpu.Tests.Images;

public class ChromaUpsamplingTests
{
    public static TheoryData<int, int> Ratios => new() { { 2, 1 }, { 1, 2 }, { 2, 2 } };

    // The scalar interpolation of jdsample.c and the conversion of jdcolor.c, pixel by pixel, with every sample of the image at hand.
    [Theory]
    [MemberData(nameof(Ratios))]
    public void WholeRowsAreInterpolatedAsSinglePixels(int across, int down)
    {
        var random = new Random(3);
        foreach (var width in new[] { 1, 2, 3, 4, 5, 6, 15, 16, 17, 31, 32, 33, 63, 64, 65, 66, 67, 130, 131 })
        {
            foreach (var height in new[] { 1, 2, 3, 4, 7 })
            {
                var pixels = new byte[height * width * 3];
                // Extreme values: the sums of vectors must not overflow.
                for (var i = 0; i < pixels.Length; i++) pixels[i] = random.Next(3) switch { 0 => 0, 1 => 255, _ => (byte)random.Next(256) };
                var expected = Expected(pixels, height, width, across, down);
                ChromaUpsampling.ApplyToRgb(pixels, height, width, (across, down));
                Assert.True(expected.AsSpan().SequenceEqual(pixels), $"{height}x{width}, ratio {across}x{down}");
            }
        }
    }

    [Fact]
    public void FourComponentsAreInterpolatedAsThree()
    {
        var random = new Random(4);
        var (height, width) = (5, 37);
        byte[] three = new byte[height * width * 3], four = new byte[height * width * 4];
        for (var i = 0; i < height * width; i++)
        {
            for (var c = 0; c < 3; c++) three[(3 * i) + c] = four[(4 * i) + c] = (byte)random.Next(256);
        }

        ChromaUpsampling.Apply(three, (height, width, 3), 1, (2, 2));
        ChromaUpsampling.Apply(four, (height, width, 4), 1, (2, 2));
        for (var i = 0; i < height * width; i++)
            Assert.Equal(three.AsSpan(3 * i, 3), four.AsSpan(4 * i, 3));
    }

    [Fact]
    public void JoiningIsTheInverseOfSplitting()
    {
        var random = new Random(5);
        for (var count = 0; count <= 70; count++)
        {
            byte[] pixels = new byte[3 * count], first = new byte[count], second = new byte[count], third = new byte[count], joined = new byte[3 * count];
            random.NextBytes(pixels);
            InterleavedPixels.Split(pixels, first, second, third);
            for (var i = 0; i < count; i++)
                Assert.Equal((pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]), (first[i], second[i], third[i]));
            InterleavedPixels.Join(first, second, third, joined);
            Assert.Equal(pixels, joined);
        }
    }

    private static byte[] Expected(byte[] pixels, int height, int width, int across, int down)
    {
        var result = new byte[pixels.Length];
        for (var row = 0; row < height; row++)
        {
            for (var column = 0; column < width; column++)
            {
                var (y, cb, cr) = (pixels[3 * ((row * width) + column)], Sample(1, row, column) - 128, Sample(2, row, column) - 128);
                var at = 3 * ((row * width) + column);
                result[at] = Clamp(y + (((91_881 * cr) + 32_768) >> 16));
                result[at + 1] = Clamp(y + (((-22_554 * cb) - (46_802 * cr) + 32_768) >> 16));
                result[at + 2] = Clamp(y + (((116_130 * cb) + 32_768) >> 16));
            }
        }

        return result;

        int Sample(int component, int row, int column)
        {
            var (columns, rows) = ((width + across - 1) / across, (height + down - 1) / down);
            if (across == 2 && columns <= 2) return At(row, column);
            if (across == 1)
                return ((3 * Coarse(row / 2, column)) + Coarse((row / 2) + (row % 2 == 0 ? -1 : 1), column) + 1 + (row % 2)) >> 2;
            var (here, other) = (column / 2, (column / 2) + (column % 2 == 0 ? -1 : 1));
            if (down == 1) return ((3 * Coarse(row, here)) + Coarse(row, other) + 1 + (column % 2)) >> 2;
            var next = (row / 2) + (row % 2 == 0 ? -1 : 1);
            return ((3 * Sum(here)) + Sum(other) + (column % 2 == 0 ? 8 : 7)) >> 4;

            int Sum(int index) => (3 * Coarse(row / 2, index)) + Coarse(next, index);

            int Coarse(int r, int c) => At(Math.Clamp(r, 0, rows - 1) * down, Math.Clamp(c, 0, columns - 1) * across);

            int At(int r, int c) => pixels[(3 * ((r * width) + c)) + component];
        }
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
