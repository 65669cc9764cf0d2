namespace Gpu.Training.Images;

/// <summary>How an image of other proportions is brought to a size.</summary>
public enum ImageFit
{
    /// <summary>Scales the image until it covers the size, and keeps the center.</summary>
    Crop,

    /// <summary>Scales the image until it fits into the size, and fills the rest with the background.</summary>
    Pad,

    /// <summary>Scales height and width on their own, which changes the proportions.</summary>
    Stretch,
}
