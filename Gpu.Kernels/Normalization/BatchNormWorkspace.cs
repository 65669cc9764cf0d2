using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// Layout of the workspace of a batch normalization: four rows of coefficients, one for each channel, and the partial results of all chunks, two rows each. A
/// row has <see cref="RowLength"/> words.
/// </summary>
/// <param name="View">the workspace</param>
/// <param name="Channels">number of channels</param>
internal readonly record struct BatchNormWorkspace(DeviceView View, int Channels)
{
    private const int Coefficients = 4;

    /// <summary>gamma / deviation, [channels].</summary>
    public DeviceView Scale => Coefficient(0);

    /// <summary>Mean of the gradient before the activation, [channels]; see <see cref="BatchNormGradientTotals{TBackend,TVector}"/>.</summary>
    public DeviceView MeanGradient => Coefficient(1);

    /// <summary>Mean of that gradient times the normalized values, divided by the deviation, [channels].</summary>
    public DeviceView Projection => Coefficient(2);

    /// <summary>Partial results [chunk, 2, channel].</summary>
    public DeviceView Partials => View.Slice(Coefficients * RowLength(Channels), View.Length - Coefficients * RowLength(Channels));

    /// <summary>Words of a row: the channels, rounded up to a multiple of 16 so that rows are aligned to vectors.</summary>
    public static int RowLength(int channels) => IntMath.RoundUp(channels, 16);

    /// <summary>Words of a workspace with <paramref name="partials"/> words of partial results.</summary>
    public static int LengthWith(int partials, int channels) => ShapeLimits.Workspace((long)Coefficients * RowLength(channels) + partials);

    private DeviceView Coefficient(int number) => View.Slice(number * RowLength(Channels), Channels);
}

/// <summary>Operands of a backward pass, with or without pooling.</summary>
internal readonly record struct BatchNormBackwardArguments
{
    /// <summary>Input of the forward pass.</summary>
    public required DeviceView Input { get; init; }

    /// <summary>Gradient with respect to the output of the activation, or of the pooling after it.</summary>
    public required DeviceView OutputGradient { get; init; }

    /// <inheritdoc cref="BatchNormParameters"/>
    public required BatchNormParameters Parameters { get; init; }

    /// <inheritdoc cref="BatchNormSaved"/>
    public required BatchNormSaved Saved { get; init; }

    /// <summary>Gradient with respect to the input, which is written.</summary>
    public required DeviceView InputGradient { get; init; }

    /// <inheritdoc cref="BatchNormGradients"/>
    public required BatchNormGradients Gradients { get; init; }

    /// <summary>The fused activation after the normalization.</summary>
    public required Activation Activation { get; init; }

    /// <summary>The activation that produced the input.</summary>
    public required Activation Gate { get; init; }

    /// <summary>Add to the input gradient, instead of replacing it.</summary>
    public required bool Accumulate { get; init; }

    /// <summary>
    /// The statistics are constants, so that their part of the input gradient is zero: for <see cref="BatchNorm.BackwardEvaluation"/>.
    /// </summary>
    public bool ConstantStatistics { get; init; }

    /// <summary>See <see cref="BatchNormWorkspace"/>.</summary>
    public required DeviceView Workspace { get; init; }
}
