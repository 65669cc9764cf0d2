using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Losses;

namespace Gpu.Kernels.Segmentation;

/// <summary>
/// Third stage of <see cref="PixelLoss"/>: sums cross-entropy and focal loss of the pixels of a part, and computes the gradient of all terms. An item is a
/// part of an image.
/// </summary>
/// <remarks>
/// With the probabilities p, y the right class, q = 1 - p[y], the weight w of the class, the weights k and f of cross-entropy and focal loss, and the factors
/// a, b of the Dice loss (<see cref="PixelLossFactors{TBackend,TVector}"/>), the gradient is p (G + b - s) + [class = y] (a[y] p[y] - G), where
/// G = w (k + f (q^gamma - gamma p[y] q^(gamma - 1) log p[y])) / pixels and s = sum of b p + a[y] p[y].
/// </remarks>
internal struct PixelLossGradient<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>[batch, pixels, classes]; integers [batch, pixels]; [batch, pixels, classes]; [classes]; see <see cref="PixelLossLayout"/>.</summary>
    public TBackend Logits, Labels, Gradient, ClassWeights, Workspace;

    /// <summary>The parts.</summary>
    public PixelGrid Grid;

    /// <summary>False in evaluation: Gradient is not written.</summary>
    public Flag HasGradient;

    /// <summary>Whether there is a Dice loss, a focal loss; whether classes have weights.</summary>
    public Flag HasDice, HasFocal, HasWeights;

    /// <summary>The weights of cross-entropy and focal loss, and gamma.</summary>
    public float CrossEntropy, Focal, Gamma;

    /// <summary>Factor of the gradient: 1 / batch.</summary>
    public float GradientScale;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var image = Grid.GetPart(item, out var first, out var end);
        var classes = Grid.Classes;
        var factors = Grid.FactorsAt(image);
        var inverseCount = TBackend.LoadScalar(Workspace, factors + 2 * classes + PixelLossLayout.InverseCount);
        var sum = 0f;
        var compensation = 0f;
        for (var pixel = first; pixel < end; pixel++) Add(pixel, factors, inverseCount, ref sum, ref compensation);
        TBackend.StoreScalar(Workspace, Grid.PartAt(image, item - image * Grid.Parts) + 3 * classes + PixelLossLayout.Loss, sum + compensation);
    }

    /// <summary>Adds the loss of a pixel, and stores its gradient.</summary>
    /// <param name="pixel">Its index in the batch.</param>
    /// <param name="factors">The first word of the factors of its image.</param>
    /// <param name="inverseCount">1 / pixels of its image that count.</param>
    /// <param name="sum">The sum of losses; NaN for a label that is no class.</param>
    /// <param name="compensation">See <see cref="NeumaierSum"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Add(int pixel, int factors, float inverseCount, ref float sum, ref float compensation)
    {
        var label = TBackend.LoadInt(Labels, pixel);
        if (label >= 0 && label < Grid.Classes)
        {
            NeumaierSum.Add(ref sum, ref compensation, Evaluate(pixel * Grid.Classes, label, factors, inverseCount));
            return;
        }

        if (label != PixelLoss.Void) sum = float.NaN;
        if (HasGradient) Clear(pixel * Grid.Classes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Evaluate(int row, int label, int factors, float inverseCount)
    {
        var classes = Grid.Classes;
        var largest = PixelSoftmax<TBackend, TVector>.Largest(Logits, row, classes);
        var whole = classes & ~(TBackend.Width - 1);
        var left = classes - whole;
        var exponentials = TBackend.Zero;
        for (var c = 0; c < whole; c += TBackend.Width)
        {
            var e = PixelSoftmax<TBackend, TVector>.Exponential(TBackend.Load(Logits, row + c), largest);
            if (HasGradient) TBackend.Store(Gradient, row + c, e);
            exponentials = TBackend.Add(exponentials, e);
        }

        if (left > 0)
        {
            var e = PixelSoftmax<TBackend, TVector>.Exponential(TBackend.LoadPartial(Logits, row + whole, left), largest);
            if (HasGradient) TBackend.StorePartial(Gradient, row + whole, e, left);
            exponentials = TBackend.Add(exponentials, PixelSoftmax<TBackend, TVector>.FirstLanes(left, e, TBackend.Zero));
        }

        var sum = TBackend.Sum(exponentials);
        var shifted = TBackend.LoadScalar(Logits, row + label) - largest;
        var logProbability = shifted - PixelSoftmax<TBackend, TVector>.Log(sum);
        // Log works on the bits of its argument and does not propagate NaN.
        if (!(sum >= 1f)) logProbability = float.NaN;
        var probability = PixelSoftmax<TBackend, TVector>.Exp(shifted) / sum;
        var loss = CrossEntropy;
        var slope = CrossEntropy;
        if (HasFocal)
        {
            var others = 1f - probability;
            var power = others;
            // q^(gamma - 1); for gamma = 2 it is q.
            if (Gamma == 1f) power = 1f;
            else if (Gamma != 2f && others > 1e-30f) power = PixelSoftmax<TBackend, TVector>.Exp((Gamma - 1f) * PixelSoftmax<TBackend, TVector>.Log(others));
            loss += Focal * power * others;
            slope += Focal * power * (others - Gamma * probability * logProbability);
        }

        var weight = 1f;
        if (HasWeights) weight = TBackend.LoadScalar(ClassWeights, label);
        if (HasGradient) Finish(row, label, factors, weight * slope * inverseCount, 1f / sum, probability);
        // Also with a Dice loss alone the loss must show a logit that is not a number.
        return -loss * weight * logProbability;
    }

    // Gradient holds the exponentials at this point.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Finish(int row, int label, int factors, float slope, float inverse, float probability)
    {
        var classes = Grid.Classes;
        var whole = classes & ~(TBackend.Width - 1);
        var left = classes - whole;
        var own = -slope;
        var common = slope;
        if (HasDice)
        {
            own += TBackend.LoadScalar(Workspace, factors + label) * probability;
            var products = TBackend.Zero;
            for (var c = 0; c < whole; c += TBackend.Width)
                products = TBackend.MultiplyAdd(TBackend.Load(Gradient, row + c), TBackend.Load(Workspace, factors + classes + c), products);
            if (left > 0)
            {
                var b = TBackend.LoadPartial(Workspace, factors + classes + whole, left);
                products = TBackend.MultiplyAdd(TBackend.LoadPartial(Gradient, row + whole, left), b, products);
            }

            common -= TBackend.Sum(products) * inverse + TBackend.LoadScalar(Workspace, factors + label) * probability;
        }

        var scale = TBackend.Splat(inverse * GradientScale);
        var shared = TBackend.Splat(common);
        for (var c = 0; c < whole; c += TBackend.Width)
        {
            var factor = shared;
            if (HasDice) factor = TBackend.Add(factor, TBackend.Load(Workspace, factors + classes + c));
            var value = TBackend.Multiply(TBackend.Multiply(TBackend.Load(Gradient, row + c), scale), factor);
            TBackend.Store(Gradient, row + c, TBackend.FlushSubnormals(value));
        }

        if (left > 0)
        {
            var factor = shared;
            if (HasDice) factor = TBackend.Add(factor, TBackend.LoadPartial(Workspace, factors + classes + whole, left));
            var value = TBackend.Multiply(TBackend.Multiply(TBackend.LoadPartial(Gradient, row + whole, left), scale), factor);
            TBackend.StorePartial(Gradient, row + whole, TBackend.FlushSubnormals(value), left);
        }

        TBackend.StoreScalar(Gradient, row + label, TBackend.LoadScalar(Gradient, row + label) + own * GradientScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Clear(int row)
    {
        var c = 0;
        for (; c + TBackend.Width <= Grid.Classes; c += TBackend.Width) TBackend.Store(Gradient, row + c, TBackend.Zero);
        if (c < Grid.Classes) TBackend.StorePartial(Gradient, row + c, TBackend.Zero, Grid.Classes - c);
    }
}
