using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Segmentation;

/// <summary>
/// First stage of <see cref="PixelLoss"/>: counts the pixels of a part that are not void, and for the Dice loss sums their probabilities by class. An item is
/// a part of an image.
/// </summary>
internal struct PixelLossSums<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, pixels, classes]; integers [batch, pixels]; see <see cref="PixelLossLayout"/>.</summary>
    public TBackend Logits, Labels, Workspace;

    /// <summary>The parts.</summary>
    public PixelGrid Grid;

    /// <summary>Whether probabilities are summed.</summary>
    public Flag HasDice;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var image = Grid.GetPart(item, out var first, out var end);
        var classes = Grid.Classes;
        var at = Grid.PartAt(image, item - image * Grid.Parts);
        if (HasDice)
            for (var c = 0; c < 3 * classes; c++) TBackend.StoreScalar(Workspace, at + c, 0f);
        var count = 0;
        for (var pixel = first; pixel < end; pixel++)
        {
            var label = TBackend.LoadInt(Labels, pixel);
            if (label == PixelLoss.Void) continue;
            count++;
            if (HasDice && label >= 0 && label < classes) AddProbabilities(at, pixel * classes, label);
        }

        TBackend.StoreScalar(Workspace, at + 3 * classes + PixelLossLayout.Count, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AddProbabilities(int at, int row, int label)
    {
        var classes = Grid.Classes;
        var largest = PixelSoftmax<TBackend, TVector>.Largest(Logits, row, classes);
        var whole = classes & ~(TBackend.Width - 1);
        var left = classes - whole;
        var exponentials = TBackend.Zero;
        for (var c = 0; c < whole; c += TBackend.Width)
            exponentials = TBackend.Add(exponentials, PixelSoftmax<TBackend, TVector>.Exponential(TBackend.Load(Logits, row + c), largest));
        if (left > 0)
        {
            var e = PixelSoftmax<TBackend, TVector>.Exponential(TBackend.LoadPartial(Logits, row + whole, left), largest);
            exponentials = TBackend.Add(exponentials, PixelSoftmax<TBackend, TVector>.FirstLanes(left, e, TBackend.Zero));
        }

        var inverse = 1f / TBackend.Sum(exponentials);
        var scale = TBackend.Splat(inverse);
        for (var c = 0; c < whole; c += TBackend.Width)
        {
            var e = PixelSoftmax<TBackend, TVector>.Exponential(TBackend.Load(Logits, row + c), largest);
            TBackend.Store(Workspace, at + c, TBackend.MultiplyAdd(e, scale, TBackend.Load(Workspace, at + c)));
        }

        if (left > 0)
        {
            var e = PixelSoftmax<TBackend, TVector>.Exponential(TBackend.LoadPartial(Logits, row + whole, left), largest);
            TBackend.StorePartial(Workspace, at + whole, TBackend.MultiplyAdd(e, scale, TBackend.LoadPartial(Workspace, at + whole, left)), left);
        }

        var own = PixelSoftmax<TBackend, TVector>.Exp(TBackend.LoadScalar(Logits, row + label) - largest) * inverse;
        var to = at + classes + label;
        TBackend.StoreScalar(Workspace, to, TBackend.LoadScalar(Workspace, to) + own);
        to += classes;
        TBackend.StoreScalar(Workspace, to, TBackend.LoadScalar(Workspace, to) + 1f);
    }
}
