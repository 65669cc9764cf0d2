using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class ImageTransformTests
{
    // Pillow 10's Image.resize((4, 3), BICUBIC) and the first two rows of resize((16, 12), BICUBIC) of the test image.
    private static readonly byte[] Shrunk = [99, 134, 134, 112, 108, 120, 134, 113, 127, 139, 146, 128];

    private static readonly byte[] Enlarged =
    [
        0, 13, 37, 58, 79, 101, 122, 146, 177, 201, 233, 220, 18, 5, 40, 58, 28, 48, 75, 100, 123, 161, 201, 201, 77, 79, 116, 128, 73, 98, 136, 155,
    ];

    [Fact]
    public void ResizesAsPillowDoes()
    {
        var stretch = new ImageTransform { Height = 3, Width = 4, Fit = ImageFit.Stretch };
        AssertNear(Shrunk, stretch.Apply(Gray(), RgbColor.White).Pixels);
        AssertNear(Enlarged, (stretch with { Height = 12, Width = 16 }).Apply(Gray(), RgbColor.White).Pixels.AsSpan(0, 32));

        // The channels of a color image are resized on their own.
        var color = stretch.Apply(Gray().ToChannels(3), RgbColor.White);
        Assert.Equal(stretch.Apply(Gray(), RgbColor.White).ToChannels(3).Pixels, color.Pixels);
    }

    [Fact]
    public void CropKeepsTheCenterOfTheImage()
    {
        // 9x12 is scaled to 3x4, of which 3 columns from the left, (4 - 3) / 2, are kept.
        var cropped = new ImageTransform { Height = 3, Width = 3 }.Apply(Gray(), RgbColor.White);
        AssertNear([99, 134, 134, 108, 120, 134, 127, 139, 146], cropped.Pixels);

        // A wide image whose thirds are black, gray and white: the middle remains.
        var thirds = new ByteImage(10, 30, 1, [.. Enumerable.Range(0, 300).Select(i => (byte)(i % 30 / 10 * 100))]);
        Assert.All(new ImageTransform { Height = 10, Width = 10 }.Apply(thirds, RgbColor.White).Pixels, value => Assert.Equal(100, value));
        Assert.Equal((4, 7), Size(new ImageTransform { Height = 4, Width = 7 }.Apply(thirds, RgbColor.White)));
        Assert.Equal((7, 4), Size(new ImageTransform { Height = 7, Width = 4 }.Apply(thirds, RgbColor.White)));
    }

    [Fact]
    public void PadKeepsTheWholeImageAndFillsWithTheBackground()
    {
        var wide = new ByteImage(4, 8, 1, [.. Enumerable.Repeat((byte)50, 32)]);
        var pad = new ImageTransform { Height = 4, Width = 4, Fit = ImageFit.Pad };
        byte[] white = [255, 255, 255, 255], gray = [50, 50, 50, 50];
        Assert.Equal([.. white, .. gray, .. gray, .. white], pad.Apply(wide, RgbColor.White).Pixels);

        // A colored background makes a gray image RGB.
        var colored = pad.Apply(wide, new RgbColor(1, 2, 3));
        Assert.Equal(3, colored.Channels);
        Assert.Equal([1, 2, 3, 1, 2, 3], colored.Pixels[..6]);
        Assert.Equal([50, 50, 50], colored.Pixels[12..15]);
        Assert.Equal(1, (pad with { Height = 2 }).Apply(wide, new RgbColor(1, 2, 3)).Channels);
    }

    // Each pixel of the image is its own label, so that a mask shows where its labels came from.
    [Theory]
    [InlineData(ImageFit.Crop, 30, 12, 5)]
    [InlineData(ImageFit.Crop, 12, 30, 5)]
    [InlineData(ImageFit.Crop, 13, 12, 3)]
    [InlineData(ImageFit.Crop, 12, 13, 3)]
    [InlineData(ImageFit.Crop, 12, 12, 1)]
    [InlineData(ImageFit.Crop, 61, 12, 7)]
    [InlineData(ImageFit.Pad, 30, 12, 1)]
    [InlineData(ImageFit.Pad, 9, 12, 1)]
    [InlineData(ImageFit.Stretch, 24, 12, 1)]
    public void PartsCoverAnImageAndLeadBackToIt(ImageFit fit, int height, int width, int mostParts)
    {
        var transform = new ImageTransform { Height = 12, Width = 12, Fit = fit };
        var image = new ByteImage(height, width, 1, [.. Enumerable.Range(0, height * width).Select(i => (byte)(i / width * 4 % 250))]);
        var parts = transform.Cover(image, RgbColor.Black);
        Assert.InRange(parts.Count, 1, mostParts);
        Assert.All(parts, part => Assert.Equal((12, 12), Size(part)));
        Assert.Equal(transform.Apply(image, RgbColor.Black).Pixels, parts[0].Pixels);
        var mask = transform.UncoverMask(parts.SelectMany(part => part.Pixels).ToArray(), height, width);
        Assert.Equal(height * width, mask.Length);
        // The scale is 1 with crop here, and the rows are 4 apart otherwise.
        if (fit == ImageFit.Crop) Assert.Equal(image.Pixels, mask);
        else Assert.All(image.Pixels.Zip(mask), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 4 * Math.Max(1, height / 12) + 2));
        Assert.Throws<ArgumentException>(() => transform.UncoverMask(new byte[12 * 12 * (parts.Count + 1)], height, width));
    }

    [Theory]
    [InlineData(ImageFit.Crop)]
    [InlineData(ImageFit.Pad)]
    [InlineData(ImageFit.Stretch)]
    public void MasksOfLargeImagesAreScaledBackByTheNearestNeighbor(ImageFit fit)
    {
        // Two halves: the mask of the network's size is a threshold, and so is that of the image.
        var transform = new ImageTransform { Height = 16, Width = 16, Fit = fit };
        foreach (var (height, width) in new[] { (100, 47), (47, 100), (3, 7), (16, 5), (16, 16) })
        {
            var image = new ByteImage(height, width, 1, [.. Enumerable.Range(0, height * width).Select(i => (byte)(i % width * 2 < width ? 0 : 200))]);
            var labels = transform.Cover(image, RgbColor.Black).SelectMany(part => part.Pixels).Select(value => (byte)(value > 100 ? 1 : 0)).ToArray();
            var mask = transform.UncoverMask(labels, height, width);
            var wrong = Enumerable.Range(0, mask.Length).Count(i => mask[i] != (i % width * 2 < width ? 0 : 1));
            Assert.InRange(wrong, 0, height * (1 + Math.Max(height, width) / 16));
        }
    }

    [Fact]
    public void ExtremeProportionsKeepAtLeastOnePixel()
    {
        var line = new ByteImage(1, 500, 1, [.. Enumerable.Repeat((byte)9, 500)]);
        var pad = new ImageTransform { Height = 8, Width = 8, Fit = ImageFit.Pad };
        Assert.Equal(8, pad.Apply(line, RgbColor.White).Pixels.Count(value => value == 9));
        Assert.All((pad with { Fit = ImageFit.Crop }).Apply(line, RgbColor.White).Pixels, value => Assert.Equal(9, value));
    }

    [Fact]
    public void GrayIsTheLumaOfPillow()
    {
        var color = new ByteImage(1, 6, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 33, 77, 78, 79, 250, 251, 3]);
        Assert.Equal([76, 150, 29, 124, 78, 222], color.ToChannels(1).Pixels);
    }

    private static ByteImage Gray() => new(9, 12, 1, [.. Enumerable.Range(0, 108).Select(i => (i % 12, i / 12)).Select(at =>
        (byte)((at.Item1 * 29) + (at.Item2 * 53) + (at.Item1 * at.Item2 * 7)))]);

    private static (int, int) Size(ByteImage image) => (image.Height, image.Width);

    private static void AssertNear(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - 1, expected[i] + 1);
    }
}
