using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class ImageVectorTests
{
    private const int MostDifference = 2;

    public static TheoryData<string> Files => [.. ImageVectors.Names];

    [Theory]
    [MemberData(nameof(Files))]
    public void TheImageIsTheOneThatPillowReads(string file)
    {
        var (height, width, expected) = ImageVectors.Expected(file);
        var image = ImageCodec.Decode(ImageVectors.Bytes(file), file);
        Assert.Equal((height, width), (image.Height, image.Width));
        var pixels = image.ToChannels(3).Pixels;
        for (var i = 0; i < expected.Length; i++)
        {
            if (Math.Abs(pixels[i] - expected[i]) > MostDifference)
                Assert.Fail($"Row {i / 3 / width}, column {i / 3 % width}, channel {i % 3} is {pixels[i]}; Pillow reads {expected[i]}.");
        }
    }
}
