using System.Runtime.CompilerServices;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels.Batches;

/// <summary>
/// Draws the changes of each sample of a batch, see <see cref="Augmentation"/>, as <see cref="SampleTransform"/> for <see cref="TransformedGather{TBackend,
/// TVector}"/>, and writes the labels. An item is a sample. Random words come from blocks of the counter: 0 flip and shift, 1 geometry, 2 colors, 3 and 4
/// erasing, 5 and 6 mixing, 8 + 2 i and 9 + 2 i operation i of RandAugment.
/// </summary>
internal struct DrawTransforms<TBackend, TVector> : IKernel
    where TBackend : struct, IVectorBackend<TBackend, TVector>
    where TVector : unmanaged
{
    /// <summary>A threshold of solarize that no byte reaches.</summary>
    public const float NoThreshold = 512f;

    private const int Identity = 0, ShearX = 1, ShearY = 2, TranslateX = 3, TranslateY = 4, Rotate = 5, Brighten = 6, Saturate = 7, Contrasting = 8,
        Posterize = 9, Solarize = 10, OperationCount = 11;

    /// <summary>Integers [samples]; sample indices; <see cref="StepStateLayout"/>.</summary>
    public TBackend Labels, Order, StepState;

    /// <summary>Scale and shift of each channel.</summary>
    public TBackend Scales, Shifts;

    /// <summary>See <see cref="AugmentationBuffers"/>.</summary>
    public TBackend Quantiles, Transforms, SecondLabels, LabelWeights;

    /// <summary>Integers [batch].</summary>
    public TBackend OutputLabels;

    /// <summary>Samples in the data set, in the order and in the batch.</summary>
    public int Samples, OrderLength, Batch;

    /// <summary>Sizes of a sample.</summary>
    public int Height, Width, Channels;

    /// <summary>See <see cref="BatchShape.Window"/>.</summary>
    public int Window;

    /// <summary>Division by <see cref="Window"/>.</summary>
    public FastDivMod ByWindow;

    /// <summary>True if there are labels; see <see cref="Augmentation.Flip"/>; see <see cref="Augmentation.MixesSamples"/>.</summary>
    public Flag HasLabels, Flip, Mixes;

    /// <summary>See <see cref="Augmentation"/>.</summary>
    public int DrawsPerEpoch, MaxShift, Cutout, RandomOperations;

    /// <summary>Largest rotation in radians, smallest factor of the size and span up to the largest, largest factor of the shear.</summary>
    public float Rotation, ScaleFrom, ScaleSpan, Shear;

    /// <summary>See <see cref="Augmentation"/>; the hue in radians, the magnitude from 0 to 1.</summary>
    public float Brightness, Contrast, Saturation, Hue, EraseProbability, RandomMagnitude;

    /// <summary>Distance of two levels of posterize, 0 for none; how far solarize lowers <see cref="NoThreshold"/>.</summary>
    public float PosterizeStep, SolarizeDrop;

    /// <summary>The share of samples that are mixed by CutMix.</summary>
    public float CutmixShare;

    /// <summary>Low and high word of <see cref="Augmentation.Seed"/>.</summary>
    public uint Seed0, Seed1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int item)
    {
        var sample = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Samples, item);
        var at = item * AugmentationBuffers.WordsPerSample;
        if (HasLabels) BatchOrder<TBackend, TVector>.CopyLabel(Labels, OutputLabels, sample, item);
        // -1 for a missing sample.
        var source = BatchOrder<TBackend, TVector>.SourceOf(sample, StepState, item, Window, ByWindow);
        TBackend.StoreInt(Transforms, at + SampleTransform.Source, source + Math.Min(sample, 0));
        WriteGeometryAndColors(at, sample);
        WriteErased(at, sample);
        if (Mixes) WriteMixing(at, item, sample);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteGeometryAndColors(int at, int sample)
    {
        var simple = AugmentationSample.Draw<TBackend, TVector>(StepState, sample, Seed0, Seed1, Flip, DrawsPerEpoch, MaxShift);
        var (angleDraw, scaleDraw, shearDraw, _) = Uniform(sample, 1);
        var scale = ScaleFrom + scaleDraw * ScaleSpan;
        var (sine, cosine) = SineAndCosine((2 * angleDraw - 1) * Rotation);
        var shear = (2 * shearDraw - 1) * Shear;
        // The matrix from the input to the output: rotation * shear * scale. Then the operations of RandAugment are applied before it.
        float a = scale * cosine, b = scale * (cosine * shear - sine), c = scale * sine, d = scale * (sine * shear + cosine);
        float moveX = -simple.ColumnShift, moveY = -simple.RowShift;

        var (brightnessDraw, contrastDraw, saturationDraw, hueDraw) = Uniform(sample, 2);
        var gray = MeanGray(at);
        var brightness = 1 + (2 * brightnessDraw - 1) * Brightness;
        var contrast = 1 + (2 * contrastDraw - 1) * Contrast;
        var saturation = 1 + (2 * saturationDraw - 1) * Saturation;
        var gain = brightness * contrast;
        var offset = (1 - contrast) * gray;
        float step = 0, threshold = NoThreshold;
        for (var i = 0; i < RandomOperations; i++)
        {
            var (operationDraw, signDraw, _, _) = Uniform(sample, (uint)(8 + i));
            var operation = (float)(int)(operationDraw * OperationCount);
            var signed = RandomMagnitude * (2 * (int)(2 * signDraw) - 1);
            float shearX = 0.3f * signed * Is(operation, ShearX), shearY = 0.3f * signed * Is(operation, ShearY);
            var (s, k) = SineAndCosine(signed * (MathF.PI / 6) * Is(operation, Rotate));
            // [a b; c d] * (shear and rotation, one of which is the identity).
            float p = k, q = shearX - s, r = shearY + s, t = k;
            (a, b) = (a * p + b * r, a * q + b * t);
            (c, d) = (c * p + d * r, c * q + d * t);
            moveX += 0.45f * Width * signed * Is(operation, TranslateX);
            moveY += 0.45f * Height * signed * Is(operation, TranslateY);
            var brighter = 1 + 0.9f * signed * Is(operation, Brighten);
            var contrasting = 1 + 0.9f * signed * Is(operation, Contrasting);
            gain *= brighter * contrasting;
            offset = contrasting * brighter * offset + (1 - contrasting) * gray;
            saturation *= 1 + 0.9f * signed * Is(operation, Saturate);
            step = Math.Max(step, PosterizeStep * Is(operation, Posterize));
            threshold = Math.Min(threshold, NoThreshold - SolarizeDrop * Is(operation, Solarize));
        }

        WriteMatrix(at, a, b, c, d, moveX, moveY, simple.IsFlipped);
        WriteColors(at, gain, offset, saturation, (2 * hueDraw - 1) * Hue);
        TBackend.StoreScalar(Transforms, at + SampleTransform.PosterizeStep, step);
        TBackend.StoreScalar(Transforms, at + SampleTransform.SolarizeThreshold, threshold);
    }

    // From the output to the input: center + flip * inverse matrix * (output - move - center).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteMatrix(int at, float a, float b, float c, float d, float moveX, float moveY, bool isFlipped)
    {
        var determinant = a * d - b * c;
        var mirror = isFlipped ? -1f : 1f;
        float xx = mirror * d / determinant, xy = -mirror * b / determinant, yx = -c / determinant, yy = a / determinant;
        float centerX = 0.5f * (Width - 1), centerY = 0.5f * (Height - 1);
        float fromX = -moveX - centerX, fromY = -moveY - centerY;
        TBackend.StoreScalar(Transforms, at + SampleTransform.Matrix, xx);
        TBackend.StoreScalar(Transforms, at + SampleTransform.Matrix + 1, xy);
        TBackend.StoreScalar(Transforms, at + SampleTransform.Matrix + 2, xx * fromX + xy * fromY + centerX);
        TBackend.StoreScalar(Transforms, at + SampleTransform.Matrix + 3, yx);
        TBackend.StoreScalar(Transforms, at + SampleTransform.Matrix + 4, yy);
        TBackend.StoreScalar(Transforms, at + SampleTransform.Matrix + 5, yx * fromX + yy * fromY + centerY);
    }

    // y = gain * M x + offset with M = s H + (1 - s) 1 w: H rotates about the gray axis, w are the weights of the gray value, and all rows of M sum to 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteColors(int at, float gain, float offset, float saturation, float hue)
    {
        var (sine, cosine) = SineAndCosine(hue);
        var along = (1 - cosine) * (1f / 3);
        float same = along + cosine, next = along - sine * 0.57735027f, last = along + sine * 0.57735027f;
        float red = (1 - saturation) * SampleTransform.RedWeight, green = (1 - saturation) * SampleTransform.GreenWeight;
        var blue = (1 - saturation) * SampleTransform.BlueWeight;
        TBackend.StoreScalar(Transforms, at + SampleTransform.Gain, gain);
        TBackend.StoreScalar(Transforms, at + SampleTransform.Offset, offset);
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer, gain * (saturation * same + red));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 1, gain * (saturation * next + green));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 2, gain * (saturation * last + blue));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 3, gain * (saturation * last + red));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 4, gain * (saturation * same + green));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 5, gain * (saturation * next + blue));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 6, gain * (saturation * next + red));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 7, gain * (saturation * last + green));
        TBackend.StoreScalar(Transforms, at + SampleTransform.Mixer + 8, gain * (saturation * same + blue));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteErased(int at, int sample)
    {
        var (isErased, areaDraw, ratioDraw, _) = Uniform(sample, 3);
        var (yDraw, xDraw, _, _) = Uniform(sample, 4);
        // 1 if there is a rectangle, computed rather than chosen.
        var present = IsBelow(isErased, EraseProbability);
        var area = (0.02f + areaDraw * 0.31f) * Height * Width;
        // log(0.3) to log(3.3).
        var ratio = Scalar(VectorMath<TBackend, TVector>.Exp(TBackend.Splat(-1.2039728f + ratioDraw * 2.3978953f)));
        var height = (int)(Math.Min(Root(area * ratio) + 0.5f, Height) * present);
        var width = (int)(Math.Min(Root(area / ratio) + 0.5f, Width) * present);
        var top = (int)(yDraw * (Height - height + 1));
        var left = (int)(xDraw * (Width - width + 1));
        if (Cutout > 0)
        {
            (height, width) = (Cutout, Cutout);
            top = (int)(yDraw * Height) - Cutout / 2;
            left = (int)(xDraw * Width) - Cutout / 2;
        }

        WriteRectangle(at + SampleTransform.Erased, top, left, top + height, left + width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteMixing(int at, int item, int sample)
    {
        // The same distance to the partner for all samples of the batch, so that each is the partner of one.
        var (distanceDraw, _, _, _) = Uniform(-1, 5);
        var partner = item + 1 + (int)(distanceDraw * (Batch - 1));
        partner -= Batch * (partner / Batch);
        var (weightDraw, kindDraw, yDraw, xDraw) = Uniform(sample, 6);
        // 1 for CutMix.
        var cuts = IsBelow(kindDraw, CutmixShare);
        var position = weightDraw * BetaDistribution.Intervals;
        var interval = (int)position;
        var table = interval + (int)cuts * (BetaDistribution.Intervals + 1);
        var low = TBackend.LoadScalar(Quantiles, table);
        var weight = low + (position - interval) * (TBackend.LoadScalar(Quantiles, table + 1) - low);
        weight = Math.Max(weight, 1 - weight);

        var side = Root(1 - weight) * cuts;
        var height = (int)(side * Height + 0.5f);
        var width = (int)(side * Width + 0.5f);
        var top = (int)(yDraw * Height) - height / 2;
        var left = (int)(xDraw * Width) - width / 2;
        var bottom = Math.Min(top + height, Height);
        var right = Math.Min(left + width, Width);
        top = Math.Max(top, 0);
        left = Math.Max(left, 0);
        WriteRectangle(at + SampleTransform.Cut, top, left, bottom, right);
        TBackend.StoreInt(Transforms, at + SampleTransform.Partner, partner);
        // The weight of all pixels outside the rectangle; 1 for CutMix.
        TBackend.StoreScalar(Transforms, at + SampleTransform.Weight, weight + cuts * (1 - weight));
        if (!HasLabels) return;
        var kept = 1 - (float)((bottom - top) * (right - left)) / (Height * Width);
        var other = BatchOrder<TBackend, TVector>.SampleAt(Order, OrderLength, StepState, Samples, partner);
        BatchOrder<TBackend, TVector>.CopyLabel(Labels, SecondLabels, other, item);
        TBackend.StoreScalar(LabelWeights, item, weight + cuts * (kept - weight));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void WriteRectangle(int at, int top, int left, int bottom, int right)
    {
        TBackend.StoreInt(Transforms, at, top);
        TBackend.StoreInt(Transforms, at + 1, left);
        TBackend.StoreInt(Transforms, at + 2, bottom);
        TBackend.StoreInt(Transforms, at + 3, right);
    }

    // The gray value of the mean color, in bytes. The loop counts from the item's own position, for ILGPU's analysis of uniform values.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float MeanGray(int at)
    {
        var sum = 0f;
        for (var i = at; i < at + Channels; i++)
        {
            var weight = 1f / Channels;
            if (Channels == 3)
                weight = SampleTransform.RedWeight * Is(i - at, 0) + SampleTransform.GreenWeight * Is(i - at, 1) + SampleTransform.BlueWeight * Is(i - at, 2);
            sum -= weight * TBackend.LoadScalar(Shifts, i - at) / TBackend.LoadScalar(Scales, i - at);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly (float, float, float, float) Uniform(int sample, uint block)
    {
        uint word0 = (uint)sample, word1 = (uint)TBackend.LoadInt(StepState, StepStateLayout.Draw), word2 = block, word3 = 0;
        Philox.Generate(Seed0, Seed1, ref word0, ref word1, ref word2, ref word3);
        return (Philox.ToUniform(word0), Philox.ToUniform(word1), Philox.ToUniform(word2), Philox.ToUniform(word3));
    }

    // For integers from 0 to 10: 1 if they are equal, else 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Is(float value, int expected) => 1 - Math.Min(Math.Abs(value - expected), 1);

    // 1 if u < limit, else 0, for multiples u of 2^-24.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float IsBelow(float u, float limit) => Math.Min(1, Math.Max(0, (limit - u) * 16777216f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Root(float value) => Scalar(TBackend.Sqrt(TBackend.Splat(value)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scalar(TVector equalLanes) => TBackend.Largest(equalLanes);

    // For angles from -pi to pi: the power series of half the angle, whose remainder is below 6e-8, and the formulas for twice an angle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Sine, float Cosine) SineAndCosine(float angle)
    {
        var x = 0.5f * angle;
        var y = x * x;
        var sine = x * (1 + y * (-1f / 6 + y * (1f / 120 + y * (-1f / 5040 + y * (1f / 362880 + y * (-1f / 39916800))))));
        var cosine = 1 + y * (-1f / 2 + y * (1f / 24 + y * (-1f / 720 + y * (1f / 40320 + y * (-1f / 3628800 + y * (1f / 479001600))))));
        return (2 * sine * cosine, 1 - 2 * sine * sine);
    }
}
