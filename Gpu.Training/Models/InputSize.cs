using Gpu.Training.Data;

namespace Gpu.Training.Models;

/// <summary>The size that the images of a data set are brought to, for a network to be trained on them.</summary>
/// <param name="Height">Height in pixels.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Reason">Why this size, as a clause for a message.</param>
public sealed record InputSize(int Height, int Width, string Reason)
{
    // A network whose weights depend on the image size takes images up to this size as they are, one that ends in global pooling larger ones.
    private const int LargestFixed = 64;
    private const int LargestPooled = 256;

    // Images above it get a residual network unless another is chosen.
    private const int LargestSmall = 48;
    private const string Residual = "resnet20";
    private const int Multiple = 32;
    private const int MostChosen = 128;
    private const int ImageNet = 224;

    // The networks for masks halve the size up to four times and restore it.
    private const int MaskMultiple = 16;

    // Autoencoders and discriminators halve the size twice.
    private const int ImageMultiple = 4;

    /// <summary>The built-in model for these images if none is chosen; null for that of <see cref="BuiltInModels.DefaultFor(int, int, int, int)"/>.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>Values per pixel that the model takes: 1 for gray, 3 for RGB; null if it adapts to the data.</summary>
    public int? Channels { get; init; }

    /// <summary>Chooses the size for a built-in model, which adapts to it.</summary>
    /// <param name="name">Name of the model; null if none is chosen.</param>
    /// <param name="sizes">The sizes of all images, at least one.</param>
    /// <exception cref="ModelException">There is no such model.</exception>
    public static InputSize ForBuiltIn(string? name, IReadOnlyList<(int Height, int Width)> sizes)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        var median = Median(sizes);
        var isUniform = sizes.All(size => size == sizes[0]);
        var (height, width) = sizes[0];
        var chosen = name ?? ((isUniform ? Math.Max(height, width) : median) > LargestSmall ? Residual : null);
        return Choose() with { DefaultModel = name is null ? chosen : null };

        InputSize Choose()
        {
            var isForMasks = chosen is not null && BuiltInModels.IsForMasks(chosen);
            var isPooled = isForMasks || (chosen is not null && BuiltInModels.EndsInGlobalPooling(chosen));
            var givesImages = chosen is not null && BuiltInModels.TaskOf(chosen) is TaskKind.Autoencoding or TaskKind.Generation;
            var multiple = isForMasks ? MaskMultiple : givesImages ? ImageMultiple : 1;
            var isTaken = height % multiple == 0 && width % multiple == 0;
            if (isUniform && isTaken && Math.Max(height, width) <= (isPooled ? LargestPooled : LargestFixed))
                return new InputSize(height, width, "the size of all images");
            if (chosen is null)
                return new InputSize(Multiple, Multiple, $"the median shorter side is {median}");
            var published = BuiltInModels.PublishedInput(chosen);
            if (!isPooled || (published.IsImage && published.Height >= ImageNet))
            {
                return published.IsImage ? new InputSize(published.Height, published.Width, $"the input of {chosen}")
                    : Square(published.Length) is { } side ? new InputSize(side, side, $"the input of {chosen}, {published.Length} numbers")
                    : new InputSize(height, width, "the size of the first image");
            }

            var rounded = Math.Clamp(median / Multiple * Multiple, Multiple, MostChosen);
            var how = rounded == median ? "" : median > MostChosen ? $"; {MostChosen} is the most that is chosen" : $"; {rounded} is the multiple of 32 for it";
            return new InputSize(rounded, rounded, $"the median shorter side is {median}{how}");
        }
    }

    /// <summary>The size for a model that does not adapt, such as one from a file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sizes">The sizes of all images, at least one.</param>
    /// <returns>Its input; null for a flat input that is no image, gray or RGB, of the common size or a square.</returns>
    public static InputSize? ForModel(Model model, IReadOnlyList<(int Height, int Width)> sizes)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sizes);
        var reason = $"the input of {model.Name}";
        if (model.Input is { IsImage: true } input)
            return new InputSize(input.Height, input.Width, reason) { Channels = input.Channels is 1 or 3 ? input.Channels : null };
        foreach (var channels in (int[])[1, 3])
        {
            var (height, width) = sizes[0];
            if (sizes.All(size => size == sizes[0]) && height * width * channels == model.Input.Length)
                return new InputSize(height, width, reason) { Channels = channels };
        }

        foreach (var channels in (int[])[1, 3])
        {
            if (model.Input.Length % channels == 0 && Square(model.Input.Length / channels) is { } side)
                return new InputSize(side, side, $"{reason}, {model.Input.Length} numbers") { Channels = channels };
        }

        return null;
    }

    private static int Median(IReadOnlyList<(int Height, int Width)> sizes) =>
        sizes.Select(size => Math.Min(size.Height, size.Width)).Order().ElementAt((sizes.Count - 1) / 2);

    private static int? Square(int length) => (int)Math.Round(Math.Sqrt(length)) is var side && side * side == length ? side : null;
}
