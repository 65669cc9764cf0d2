using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Segmentation;

/// <summary>
/// Second stage of <see cref="PixelLoss"/>: adds the sums of the parts in their order and computes the factors of an image. With the Dice coefficient D =
/// (2 I + 1) / (U + 1), U = P + T, the loss has the derivative a [class = label] + b with respect to a probability, where a = -2 w / (U + 1) and
/// b = w D / (U + 1); w is the share of the class in the mean. The factors are a [classes], b [classes], 1 / pixels and the Dice loss. An item is an image.
/// </summary>
internal struct PixelLossFactors<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[classes]; see <see cref="PixelLossLayout"/>.</summary>
    public TBackend ClassWeights, Workspace;

    /// <summary>The parts.</summary>
    public PixelGrid Grid;

    /// <summary>Whether there is a Dice loss; whether classes have weights.</summary>
    public Flag HasDice, HasWeights;

    /// <summary>The weight of the Dice loss.</summary>
    public float DiceScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var classes = Grid.Classes;
        var at = Grid.FactorsAt(item);
        var count = SumOfParts(item, 3 * classes + PixelLossLayout.Count);
        // 0 without pixels: then no loss and no gradient.
        TBackend.StoreScalar(Workspace, at + 2 * classes + PixelLossLayout.InverseCount, count > 0f ? 1f / count : 0f);
        var loss = 0f;
        if (HasDice)
        {
            var totalWeight = 0f;
            for (var c = 0; c < classes; c++) totalWeight += WeightOf(c);
            for (var c = 0; c < classes; c++)
            {
                var union = SumOfParts(item, c) + SumOfParts(item, 2 * classes + c) + 1f;
                var dice = (2f * SumOfParts(item, classes + c) + 1f) / union;
                var weight = DiceScale * WeightOf(c) / totalWeight;
                loss += weight * (1f - dice);
                TBackend.StoreScalar(Workspace, at + c, -2f * weight / union);
                TBackend.StoreScalar(Workspace, at + classes + c, weight * dice / union);
            }
        }

        TBackend.StoreScalar(Workspace, at + 2 * classes + PixelLossLayout.DiceLoss, loss);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float WeightOf(int label) => HasWeights ? TBackend.LoadScalar(ClassWeights, label) : 1f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float SumOfParts(int image, int word)
    {
        var sum = 0f;
        for (var part = 0; part < Grid.Parts; part++) sum += TBackend.LoadScalar(Workspace, Grid.PartAt(image, part) + word);
        return sum;
    }
}

/// <summary>Last stage of <see cref="PixelLoss"/>: the loss of an image. An item is an image.</summary>
internal struct PixelLossTotal<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>See <see cref="PixelLossLayout"/>; [batch].</summary>
    public TBackend Workspace, SampleLosses;

    /// <summary>The parts.</summary>
    public PixelGrid Grid;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var sum = 0f;
        var compensation = 0f;
        for (var part = 0; part < Grid.Parts; part++)
        {
            var at = Grid.PartAt(item, part) + 3 * Grid.Classes + PixelLossLayout.Loss;
            Losses.NeumaierSum.Add(ref sum, ref compensation, TBackend.LoadScalar(Workspace, at));
        }

        var factors = Grid.FactorsAt(item) + 2 * Grid.Classes;
        var mean = (sum + compensation) * TBackend.LoadScalar(Workspace, factors + PixelLossLayout.InverseCount);
        TBackend.StoreScalar(SampleLosses, item, mean + TBackend.LoadScalar(Workspace, factors + PixelLossLayout.DiceLoss));
    }
}
