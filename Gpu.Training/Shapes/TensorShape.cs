namespace Gpu.Training.Shapes;

/// <summary>
/// The shape of one sample between two layers: an image of Height x Width x Channels (NHWC, the batch comes before), or a plain list of features.
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

    /// <summary>Values a pixel, or the number of features.</summary>
    public int Channels { get; }

    /// <summary>True for an image, false for features.</summary>
    public bool IsImage { get; }

    /// <summary>Values in a sample.</summary>
    public int Length => checked(Height * Width * Channels);

    /// <summary>Positions over which a channel's statistics are taken: Height x Width.</summary>
    public int Positions => checked(Height * Width);

    /// <summary>An image of height x width x channels.</summary>
    /// <exception cref="ArgumentOutOfRangeException">an extent below 1</exception>
    public static TensorShape Image(int height, int width, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        return new(height, width, channels, true);
    }

    /// <summary>A list of features.</summary>
    /// <exception cref="ArgumentOutOfRangeException">fewer than 1</exception>
    public static TensorShape Features(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return new(1, 1, count, false);
    }

    /// <summary><c>28x28x1</c> for an image (height x width x channels), <c>784</c> for features.</summary>
    public override string ToString() => IsImage ? $"{Height}x{Width}x{Channels}" : $"{Channels}";
}
