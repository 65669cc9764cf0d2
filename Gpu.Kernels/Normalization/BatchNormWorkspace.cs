using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// How the workspace of a batch normalization is used: four coefficients for each channel, each row of them on a vector's boundary, then the partial results of
/// all chunks, two rows of channels each.
/// </summary>
/// <param name="View">the workspace</param>
/// <param name="Channels">channels</param>
internal readonly record struct BatchNormWorkspace(DeviceView View, int Channels)
{
    private const int Coefficients = 4;

    /// <summary>gamma / deviation, [channels].</summary>
    public DeviceView Scale => Coefficient(0);

    /// <summary>The mean of the gradient of the normalized values, [channels].</summary>
    public DeviceView MeanGradient => Coefficient(1);

    /// <summary>The mean of that gradient times the normalized values, [channels].</summary>
    public DeviceView Projection => Coefficient(2);

    /// <summary>The partial results.</summary>
    public DeviceView Partials => View.Slice(Coefficients * RowLength(Channels), View.Length - Coefficients * RowLength(Channels));

    /// <summary>Words of a row of channels.</summary>
    public static int RowLength(int channels) => IntMath.RoundUp(channels, 16);

    /// <summary>Words of a workspace with so many words of partial results.</summary>
    public static int LengthWith(int partials, int channels) => Coefficients * RowLength(channels) + partials;

    private DeviceView Coefficient(int number) => View.Slice(number * RowLength(Channels), Channels);
}

/// <summary>The operands of a backward pass, with or without pooling.</summary>
internal readonly record struct BatchNormBackwardArguments
{
    /// <summary>The forward pass's input.</summary>
    public required DeviceView Input { get; init; }

    /// <summary>With respect to the activated (and pooled) output.</summary>
    public required DeviceView OutputGradient { get; init; }

    /// <inheritdoc cref="BatchNormParameters"/>
    public required BatchNormParameters Parameters { get; init; }

    /// <inheritdoc cref="BatchNormSaved"/>
    public required BatchNormSaved Saved { get; init; }

    /// <summary>What is written.</summary>
    public required DeviceView InputGradient { get; init; }

    /// <inheritdoc cref="BatchNormGradients"/>
    public required BatchNormGradients Gradients { get; init; }

    /// <summary>The activation behind the normalization.</summary>
    public required Activation Activation { get; init; }

    /// <summary>The activation whose output the input is.</summary>
    public required Activation Gate { get; init; }

    /// <summary>Add to the input gradient.</summary>
    public required bool Accumulate { get; init; }

    /// <summary>See <see cref="BatchNormWorkspace"/>.</summary>
    public required DeviceView Workspace { get; init; }
}
