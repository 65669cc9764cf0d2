using Gpu.Kernels;

namespace Gpu.Training.Shapes;

/// <summary>
/// The shape of one sample between two layers: an image [height, width, channels] (a batch is NHWC), or a vector of features [features].
/// </summary>
public readonly record struct TensorShape
{
    private TensorShape(int height, int width, int channels, bool isImage)
    {
        Height = height;
        Width = width;
        Channels = channels;
        IsImage = isImage;
    }

    /// <summary>Rows; 1 for features.</summary>
    public int Height { get; }

    /// <summary>Columns; 1 for features.</summary>
    public int Width { get; }

    /// <summary>Channels of an image, or the number of features.</summary>
    public int Channels { get; }

    /// <summary>True for an image, false for features.</summary>
    public bool IsImage { get; }

    /// <summary>Values per sample: Height * Width * Channels.</summary>
    public int Length => Height * Width * Channels;

    /// <summary>Values per channel of a sample: Height * Width.</summary>
    public int Positions => Height * Width;

    /// <summary>The shape of an image.</summary>
    /// <exception cref="ArgumentException">
    /// a size is below 1 or above <see cref="ShapeLimits.MaxDimension"/>, or the image has more than <see cref="ShapeLimits.MaxLength"/> values
    /// </exception>
    public static TensorShape Image(int height, int width, int channels)
    {
        RequireDimension("height", height);
        RequireDimension("width", width);
        RequireDimension("channels", channels);
        _ = ShapeLimits.Length("an image", height, width, channels);
        return new(height, width, channels, true);
    }

    /// <summary>The shape of a feature vector.</summary>
    /// <exception cref="ArgumentException">the number of features is below 1 or above <see cref="ShapeLimits.MaxDimension"/></exception>
    public static TensorShape Features(int count)
    {
        RequireDimension("the number of features", count);
        return new(1, 1, count, false);
    }

    /// <summary><c>28x28x1</c> for an image (height x width x channels), <c>784</c> for features.</summary>
    public override string ToString() => IsImage ? $"{Height}x{Width}x{Channels}" : $"{Channels}";

    private static void RequireDimension(string what, int value)
    {
        if (value is < 1 or > ShapeLimits.MaxDimension) throw new ArgumentException($"{what} must be 1 to {ShapeLimits.MaxDimension:N0}, but is {value}");
    }
}
