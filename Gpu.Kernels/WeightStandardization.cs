using Gpu.Kernels.Backends;
using Gpu.Kernels.Devices;
using Gpu.Kernels.Normalization;

namespace Gpu.Kernels;

/// <summary>
/// Weight standardization: the incoming weights of each filter get mean 0 and variance 1 before they are used, w' = (w - mean) / sqrt(variance + epsilon),
/// with the variance of the population. The gradient passes through it. Source: Qiao, Wang, Liu, Shen, Yuille, "Micro-batch training with batch-channel
/// normalization and weight standardization", 2019.
/// </summary>
/// <example><code>
/// WeightStandardization.Forward(device, rows, filters, weights, standard, standardGradient);
/// Conv2d.Forward(device, shape, input, standard, bias, output, Activation.None, workspace);
/// Conv2d.BackwardWeights(device, shape, input, outputGradient, standardGradient, biasGradient, workspace);
/// WeightStandardization.Backward(device, rows, filters, weights, standardGradient, weightGradient);
/// </code></example>
public static class WeightStandardization
{
    /// <summary>epsilon, added to the variance.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>Standardizes each column.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">incoming weights of a filter (kernel height * kernel width * in / groups), at least 1; with 1 all results are 0</param>
    /// <param name="columns">filters, at least 1</param>
    /// <param name="weights">[rows, columns]</param>
    /// <param name="output">receives the standardized weights, [rows, columns]</param>
    /// <param name="cleared">
    /// [rows, columns], set to zero, such as the gradient of the standardized weights, which a backward pass adds to; empty for none
    /// </param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">there are no rows or columns</exception>
    public static void Forward(IExecutor executor, int rows, int columns, DeviceView weights, DeviceView output, DeviceView cleared = default)
    {
        Check(rows, columns);
        weights.Require(rows * columns, nameof(weights));
        output.Require(rows * columns, nameof(output));
        if (!cleared.IsEmpty) cleared.Require(rows * columns, nameof(cleared));
        Operands.Check(executor, [new(output, nameof(output)), new(cleared, nameof(cleared))], [new(weights, nameof(weights))]);
        executor.Execute(new ForwardOperation(rows, columns, weights, output, cleared));
    }

    /// <summary>Adds the gradient of the weights, exactly, with the derivative of mean and variance.</summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">incoming weights of a filter, at least 1</param>
    /// <param name="columns">filters, at least 1</param>
    /// <param name="weights">[rows, columns], not standardized</param>
    /// <param name="outputGradient">the gradient of the standardized weights, [rows, columns]</param>
    /// <param name="gradient">the gradient of the weights, [rows, columns], which is added to</param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">there are no rows or columns</exception>
    public static void Backward(IExecutor executor, int rows, int columns, DeviceView weights, DeviceView outputGradient, DeviceView gradient)
    {
        Check(rows, columns);
        weights.Require(rows * columns, nameof(weights));
        outputGradient.Require(rows * columns, nameof(outputGradient));
        gradient.Require(rows * columns, nameof(gradient));
        Operands.Check(
            executor, [new(gradient, nameof(gradient))], [new(weights, nameof(weights)), new(outputGradient, nameof(outputGradient))]);
        executor.Execute(new BackwardOperation(rows, columns, weights, outputGradient, gradient));
    }

    private static void Check(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ShapeLimits.RequireDimension(nameof(rows), rows);
        ShapeLimits.RequireDimension(nameof(columns), columns);
        // A kernel counts one row further.
        _ = ShapeLimits.Length("the weights", rows + 1L, columns);
    }

    private readonly struct ForwardOperation(int rows, int columns, DeviceView weights, DeviceView output, DeviceView cleared) : IOperation
    {
        // Vectors of columns are aligned if rows are.
        public int Granularity => columns;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new StandardizeColumns<TBackend, TVector>
            {
                Weights = launcher.Bind(weights), Output = launcher.Bind(output), Cleared = launcher.Bind(cleared), Rows = rows, Columns = columns,
                Clears = !cleared.IsEmpty,
            };
            launcher.Launch(kernel, IntMath.DivRoundUp(columns, TBackend.Width), 6 * Math.Min(rows, 1 << 16));
        }
    }

    private readonly struct BackwardOperation(int rows, int columns, DeviceView weights, DeviceView outputGradient, DeviceView gradient) : IOperation
    {
        public int Granularity => columns;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new StandardizeColumnsGradient<TBackend, TVector>
            {
                Weights = launcher.Bind(weights), OutputGradient = launcher.Bind(outputGradient), Gradient = launcher.Bind(gradient), Rows = rows,
                Columns = columns,
            };
            launcher.Launch(kernel, IntMath.DivRoundUp(columns, TBackend.Width), 14 * Math.Min(rows, 1 << 16));
        }
    }
}
