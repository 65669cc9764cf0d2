using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Segmentation;

namespace Gpu.Kernels;

/// <summary>
/// The loss of a segmentation: softmax cross-entropy, Dice and focal loss of each pixel's class, or a weighted sum of them, with the gradient.
/// </summary>
/// <remarks>
/// The loss is one number for each image, and the gradient is that of their mean, so an image counts the same in every batch. Pixels of the label
/// <see cref="Void"/> count nowhere: the means of an image are over its other pixels, and an image without them has the loss 0. Labels are words, not bytes:
/// a batch has at least two floats of logits for each, and a kernel can write a word without its neighbors.
/// </remarks>
public static class PixelLoss
{
    /// <summary>The label of pixels that do not count.</summary>
    public const int Void = 255;

    /// <summary>The most classes.</summary>
    public const int MaxClasses = 255;

    /// <summary>Words of the workspace of <see cref="Run"/>.</summary>
    /// <param name="batch">images, at least 1</param>
    /// <param name="pixels">pixels of an image, at least 1</param>
    /// <param name="classes">classes, 2 to <see cref="MaxClasses"/></param>
    public static int WorkspaceLength(int batch, int pixels, int classes) => ShapeLimits.Length(
        "the workspace", batch, PixelLossLayout.WordsPerImage(Parts(pixels), classes));

    /// <summary>Computes the loss of each image and the gradient of their mean.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="batch">images, at least 1</param>
    /// <param name="pixels">pixels of an image, at least 1</param>
    /// <param name="classes">classes, 2 to <see cref="MaxClasses"/></param>
    /// <param name="logits">[batch, pixels, classes]</param>
    /// <param name="labels">
    /// integers [batch, pixels], from 0 to <paramref name="classes"/> - 1, or <see cref="Void"/>; another label makes the loss of its image NaN
    /// </param>
    /// <param name="logitsGradient">receives the gradient with respect to the logits, [batch, pixels, classes]; empty in evaluation</param>
    /// <param name="sampleLosses">receives the losses, [batch]</param>
    /// <param name="workspace">memory for sums, <see cref="WorkspaceLength"/> words</param>
    /// <param name="terms">the weights of the terms</param>
    /// <param name="classWeights">
    /// factors of cross-entropy and focal loss of the pixels of each class, whose mean is still over the number of pixels; and weights of the classes in the
    /// mean of the Dice loss; [classes], empty for 1
    /// </param>
    /// <exception cref="ArgumentException">a view has the wrong length, or all terms are 0</exception>
    /// <exception cref="ArgumentOutOfRangeException">a size or a weight is out of range</exception>
    public static void Run(
        IExecutor executor, int batch, int pixels, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses,
        DeviceView workspace, PixelLossTerms terms, DeviceView classWeights = default)
    {
        CheckSizes(batch, pixels, classes);
        terms.Validate();
        logits.Require(ShapeLimits.Length("the logits", batch, pixels, classes), nameof(logits));
        labels.Require(batch * pixels, nameof(labels));
        if (!logitsGradient.IsEmpty) logitsGradient.Require(logits.Length, nameof(logitsGradient));
        sampleLosses.Require(batch, nameof(sampleLosses));
        workspace.Require(WorkspaceLength(batch, pixels, classes), nameof(workspace));
        if (!classWeights.IsEmpty) classWeights.Require(classes, nameof(classWeights));
        Operands.Check(
            executor,
            [new(logitsGradient, nameof(logitsGradient)), new(sampleLosses, nameof(sampleLosses)), new(workspace, nameof(workspace))],
            [new(logits, nameof(logits)), new(labels, nameof(labels)), new(classWeights, nameof(classWeights))]);
        executor.Execute(new Operation(batch, pixels, classes, logits, labels, logitsGradient, sampleLosses, workspace, terms, classWeights));
    }

    internal static void CheckSizes(int batch, int pixels, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pixels);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classes, MaxClasses);
    }

    // The parts do not depend on the device, so neither does the length of the workspace.
    private static int PixelsPerPart(int pixels) => Math.Max(PixelLossLayout.LeastPixels, IntMath.DivRoundUp(pixels, PixelLossLayout.MaxParts));

    private static int Parts(int pixels) => IntMath.DivRoundUp(pixels, PixelsPerPart(pixels));

    private readonly struct Operation(
        int batch, int pixels, int classes, DeviceView logits, DeviceView labels, DeviceView logitsGradient, DeviceView sampleLosses, DeviceView workspace,
        PixelLossTerms terms, DeviceView classWeights) : IOperation
    {
        public int Granularity => classes;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var parts = Parts(pixels);
            var grid = new PixelGrid
            {
                Pixels = pixels, Parts = parts, PixelsPerPart = PixelsPerPart(pixels), ByParts = FastDivMod.By(parts), Classes = classes,
            };
            var (x, y, memory) = (launcher.Bind(logits), launcher.Bind(labels), launcher.Bind(workspace));
            var weights = launcher.Bind(classWeights.IsEmpty ? sampleLosses : classWeights);
            var cost = grid.PixelsPerPart * (30 + 40 * IntMath.DivRoundUp(classes, TBackend.Width));
            var sums = new PixelLossSums<TBackend, TVector> { Logits = x, Labels = y, Workspace = memory, Grid = grid, HasDice = terms.Dice > 0 };
            launcher.Launch(sums, batch * parts, terms.Dice > 0 ? cost : grid.PixelsPerPart);
            var factors = new PixelLossFactors<TBackend, TVector>
            {
                ClassWeights = weights, Workspace = memory, Grid = grid, HasDice = terms.Dice > 0, HasWeights = !classWeights.IsEmpty, DiceScale = terms.Dice,
            };
            launcher.Launch(factors, batch, parts * 4 + (terms.Dice > 0 ? parts * classes * 4 : 0));
            var gradient = new PixelLossGradient<TBackend, TVector>
            {
                Logits = x,
                Labels = y,
                // Without a gradient any valid memory will do: the kernel does not write it.
                Gradient = logitsGradient.IsEmpty ? x : launcher.Bind(logitsGradient),
                ClassWeights = weights,
                Workspace = memory,
                Grid = grid,
                HasGradient = !logitsGradient.IsEmpty,
                HasDice = terms.Dice > 0,
                HasFocal = terms.Focal > 0,
                HasWeights = !classWeights.IsEmpty,
                CrossEntropy = terms.CrossEntropy,
                Focal = terms.Focal,
                Gamma = terms.FocalGamma,
                GradientScale = 1f / batch,
            };
            var threads = GroupedPixelLossGradient<TBackend, TVector>.Threads(launcher.Groups);
            if (threads > 0) launcher.LaunchGroups(new GroupedPixelLossGradient<TBackend, TVector> { Pixels = gradient }, batch * parts, threads);
            else launcher.Launch(gradient, batch * parts, cost);
            var total = new PixelLossTotal<TBackend, TVector> { Workspace = memory, SampleLosses = launcher.Bind(sampleLosses), Grid = grid };
            launcher.Launch(total, batch, parts * 6);
        }
    }
}
