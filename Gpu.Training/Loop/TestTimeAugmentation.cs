namespace Gpu.Training.Loop;

/// <summary>
/// Test-time augmentation: a network is run on several views of each image, and the weighted mean of its outputs before the softmax (the logits) is used, as
/// in Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.
/// </summary>
public enum TestTimeAugmentation
{
    /// <summary>The image alone.</summary>
    None,

    /// <summary>The image and its left-right mirror image, each with the weight 1/2.</summary>
    Flip,

    /// <summary>
    /// The image and its mirror image, each with the weight 1/4, and both shifted by one pixel up and left and by one pixel down and right, each with the
    /// weight 1/8. Pixels from outside the image repeat its border.
    /// </summary>
    FlipShift,
}

/// <summary>A view of an image for test-time augmentation.</summary>
/// <param name="Flip">whether it is mirrored left to right, before the shift</param>
/// <param name="Shift">pixels down and right, -1 to 1</param>
/// <param name="Weight">its weight in the mean</param>
internal readonly record struct ImageView(bool Flip, int Shift, float Weight)
{
    /// <summary>The views; the weights sum to 1.</summary>
    public static IReadOnlyList<ImageView> Of(TestTimeAugmentation augmentation) => augmentation switch
    {
        TestTimeAugmentation.Flip => [new(false, 0, 0.5f), new(true, 0, 0.5f)],
        TestTimeAugmentation.FlipShift =>
        [
            new(false, 0, 0.25f), new(true, 0, 0.25f), new(false, -1, 0.125f), new(true, -1, 0.125f), new(false, 1, 0.125f), new(true, 1, 0.125f),
        ],
        _ => [new(false, 0, 1)],
    };

    /// <summary>Copies images with the changes of the view.</summary>
    /// <param name="source">bytes [count, height, width, channels]</param>
    /// <param name="target">receives as many bytes</param>
    /// <param name="height">rows of an image</param>
    /// <param name="width">columns of an image</param>
    /// <param name="channels">channels of an image</param>
    public void Copy(ReadOnlySpan<byte> source, Span<byte> target, int height, int width, int channels)
    {
        var rows = source.Length / (width * channels);
        for (var row = 0; row < rows; row++)
        {
            var first = row / height * height;
            var from = source.Slice((first + Math.Clamp(row - first - Shift, 0, height - 1)) * width * channels, width * channels);
            for (var x = 0; x < width; x++)
            {
                var column = Math.Clamp(x - Shift, 0, width - 1);
                if (Flip) column = width - 1 - column;
                from.Slice(column * channels, channels).CopyTo(target[((row * width + x) * channels)..]);
            }
        }
    }
}
