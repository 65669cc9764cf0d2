using Gpu.Kernels;

namespace Gpu.Training.Loop;

/// <summary>
/// Random changes of training images besides <see cref="TrainingOptions.AugmentFlip"/> and <see cref="TrainingOptions.AugmentShift"/>. Each is a function of
/// the seed, the pass and the sample (<see cref="Augmentation"/>), and computed on the device.
/// </summary>
public sealed record ImageAugmentation
{
    /// <summary>Whether flips alternate: half of the images are flipped in even epochs, the others in odd ones. Needs flips.</summary>
    public bool AlternatingFlip { get; init; }

    /// <summary>
    /// Whether pixels from outside a shifted image reflect the image at its border, instead of being black. Needs shifts, and no other changes than flips.
    /// </summary>
    public bool ReflectingShift { get; init; }

    /// <summary>The largest rotation in degrees in each direction, 0 to 180.</summary>
    public float Rotation { get; init; }

    /// <summary>The smallest factor of the size, above 0; 0 for none.</summary>
    public float ScaleFrom { get; init; }

    /// <summary>The largest factor of the size, at least <see cref="ScaleFrom"/>, at most 100; 0 for none.</summary>
    public float ScaleTo { get; init; }

    /// <summary>The largest horizontal shear in degrees in each direction, 0 to 80.</summary>
    public float Shear { get; init; }

    /// <summary>The brightness is multiplied by a factor from 1 - x to 1 + x, 0 to 1.</summary>
    public float Brightness { get; init; }

    /// <summary>The contrast is multiplied by a factor from 1 - x to 1 + x, 0 to 1.</summary>
    public float Contrast { get; init; }

    /// <summary>The saturation is multiplied by a factor from 1 - x to 1 + x, 0 to 1. Only for images with three channels.</summary>
    public float Saturation { get; init; }

    /// <summary>The largest rotation of the hue in turns in each direction, 0 to 0.5. Only for images with three channels.</summary>
    public float Hue { get; init; }

    /// <summary>The probability of random erasing, 0 to 1.</summary>
    public float EraseProbability { get; init; }

    /// <summary>The side of the square of cutout, in pixels; 0 for none.</summary>
    public int Cutout { get; init; }

    /// <summary>The number of operations of RandAugment, 0 to 8.</summary>
    public int RandomOperations { get; init; }

    /// <summary>The magnitude of the operations of RandAugment, 0 to 30.</summary>
    public float RandomMagnitude { get; init; }

    /// <summary>The augmentation of a run.</summary>
    /// <param name="options">the other options</param>
    /// <param name="drawsPerEpoch">training passes per epoch</param>
    internal Augmentation For(TrainingOptions options, int drawsPerEpoch) =>
        new(options.AugmentFlip, options.AugmentShift, Initialization.NamedSeed.Of(options.Seed, "augmentation"))
        {
            DrawsPerEpoch = AlternatingFlip ? drawsPerEpoch : 0,
            ReflectsShift = ReflectingShift,
            Rotation = Rotation,
            ScaleFrom = ScaleFrom,
            ScaleTo = ScaleTo,
            Shear = Shear,
            Brightness = Brightness,
            Contrast = Contrast,
            Saturation = Saturation,
            Hue = Hue,
            EraseProbability = EraseProbability,
            Cutout = Cutout,
            RandomOperations = RandomOperations,
            RandomMagnitude = RandomMagnitude,
            Mixup = options.Mixup ?? 0,
            Cutmix = options.Cutmix ?? 0,
        };
}
