using Gpu.Kernels.Backends;
using Gpu.Kernels.Constraints;
using Gpu.Kernels.Devices;

namespace Gpu.Kernels;

/// <summary>
/// Constraints of weights [rows, columns], which project them back after each step of the optimizer; no gradient passes through them. A column has the
/// incoming weights of a unit of a dense layer or of a filter of a convolution [kernel height * kernel width * in / groups, out].
/// </summary>
/// <example><code>
/// FusedOptimizer.Update(device, settings, table, parameters, gradients, state, stepState);
/// WeightConstraints.MaxNorm(device, inputs, units, weights.In(parameters), limit: 3f);
/// </code></example>
public static class WeightConstraints
{
    /// <summary>
    /// Scales each column whose L2 norm is above the limit down to it, as PyTorch's renorm and Keras's max_norm do. Source: Srebro and Shraibman, 2005; with
    /// dropout: Srivastava et al., "Dropout", JMLR 2014.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">incoming weights of a unit, at least 1</param>
    /// <param name="columns">units, at least 1</param>
    /// <param name="weights">[rows, columns], changed in place</param>
    /// <param name="limit">the largest norm, above 0</param>
    /// <exception cref="ArgumentException">the view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">there are no rows or columns, or the limit is not above 0</exception>
    public static void MaxNorm(IExecutor executor, int rows, int columns, DeviceView weights, float limit)
    {
        Check(rows, columns, weights, limit);
        Operands.Check(executor, [new(weights, nameof(weights))], []);
        executor.Execute(new MaxNormOperation(rows, columns, weights, limit));
    }

    /// <summary>Words of the left vector u of <see cref="SpectralNorm"/>, which is kept from step to step.</summary>
    /// <param name="rows">rows of the weights</param>
    public static int SpectralStateLength(int rows) => IntMath.RoundUp(rows, ParameterArena.Alignment);

    /// <summary>Words of workspace of <see cref="SpectralNorm"/>.</summary>
    /// <param name="rows">rows of the weights</param>
    /// <param name="columns">columns of the weights</param>
    public static int SpectralWorkspaceLength(int rows, int columns) => ShapeLimits.Workspace(
        (long)SpectralNormLayout.Words + IntMath.RoundUp(rows, ParameterArena.Alignment) + IntMath.RoundUp(columns, ParameterArena.Alignment));

    /// <summary>
    /// One step of power iteration, v = W^T u / |W^T u|, s = |W v|, u = W v / s, and W *= limit / s if s is above the limit. s is a lower bound of the largest
    /// singular value and converges to it from step to step. Source: power iteration with a stored vector, Miyato et al., "Spectral normalization for
    /// generative adversarial networks", 2018; as a projection after the step, Gouk et al., "Regularisation of neural networks by enforcing Lipschitz
    /// continuity", 2021.
    /// </summary>
    /// <param name="executor">the device that runs the operation, or the command list that records it</param>
    /// <param name="rows">rows of the weights, at least 1</param>
    /// <param name="columns">columns of the weights, at least 1</param>
    /// <param name="weights">W, [rows, columns], changed in place</param>
    /// <param name="limit">the largest singular value, above 0</param>
    /// <param name="state">
    /// u in its first [rows] words, <see cref="SpectralStateLength"/> words; any vector but zero at the first step, such as random numbers
    /// </param>
    /// <param name="workspace">
    /// at least <see cref="SpectralWorkspaceLength"/> words; its first word receives s, the rest need not be kept
    /// </param>
    /// <exception cref="ArgumentException">a view has the wrong length</exception>
    /// <exception cref="ArgumentOutOfRangeException">there are no rows or columns, or the limit is not above 0</exception>
    public static void SpectralNorm(
        IExecutor executor, int rows, int columns, DeviceView weights, float limit, DeviceView state, DeviceView workspace)
    {
        Check(rows, columns, weights, limit);
        state.Require(SpectralStateLength(rows), nameof(state));
        workspace.RequireAtLeast(SpectralWorkspaceLength(rows, columns), nameof(workspace));
        Operands.Check(executor, [new(weights, nameof(weights)), new(state, nameof(state)), new(workspace, nameof(workspace))], []);
        var left = state.First(rows);
        var results = workspace.First(SpectralNormLayout.Words);
        var right = workspace.Slice(SpectralNormLayout.Words, columns);
        var product = workspace.Slice(SpectralNormLayout.Words + IntMath.RoundUp(columns, ParameterArena.Alignment), rows);
        Operands.Check(executor, [new(weights, nameof(weights)), new(state, nameof(state)), new(workspace, nameof(workspace))], []);
        executor.Execute(new SpectralOperation(rows, columns, weights, limit, left, right, product, results));
    }

    private static void Check(int rows, int columns, DeviceView weights, float limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (!(limit > 0 && float.IsFinite(limit))) throw new ArgumentOutOfRangeException(nameof(limit), limit, "the limit must be a number above 0");
        ShapeLimits.RequireDimension(nameof(rows), rows);
        ShapeLimits.RequireDimension(nameof(columns), columns);
        // A kernel counts one row further.
        _ = ShapeLimits.Length("the weights", rows + 1L, columns);
        weights.Require(rows * columns, nameof(weights));
    }

    private readonly struct MaxNormOperation(int rows, int columns, DeviceView weights, float limit) : IOperation
    {
        // Vectors of columns are aligned if rows are.
        public int Granularity => columns;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var kernel = new MaxNormKernel<TBackend, TVector> { Weights = launcher.Bind(weights), Rows = rows, Columns = columns, Limit = limit };
            launcher.Launch(kernel, IntMath.DivRoundUp(columns, TBackend.Width), 4 * Math.Min(rows, 1 << 16));
        }
    }

    private readonly struct SpectralOperation(
        int rows, int columns, DeviceView weights, float limit, DeviceView left, DeviceView right, DeviceView product, DeviceView results) : IOperation
    {
        public int Granularity => columns;

        public void Launch<TBackend, TVector>(ILauncher<TBackend> launcher)
            where TBackend : struct, IVectorBackend<TBackend, TVector>
            where TVector : unmanaged
        {
            var (matrix, words) = (launcher.Bind(weights), launcher.Bind(results));
            var transposed = new MatrixColumnDot<TBackend, TVector>
            {
                Weights = matrix, Vector = launcher.Bind(left), Output = launcher.Bind(right), Rows = rows, Columns = columns,
            };
            launcher.Launch(transposed, IntMath.DivRoundUp(columns, TBackend.Width), 2 * Math.Min(rows, 1 << 16));
            var rowDot = new MatrixRowDot<TBackend, TVector>
            {
                Weights = matrix, Vector = launcher.Bind(right), Output = launcher.Bind(product), Columns = columns,
            };
            launcher.Launch(rowDot, rows, 2 * IntMath.DivRoundUp(columns, TBackend.Width));
            var finish = new SpectralNormFinish<TBackend, TVector>
            {
                Right = launcher.Bind(right), Left = launcher.Bind(product), Results = words, Rows = rows, Columns = columns, Limit = limit,
            };
            launcher.Launch(finish, 1, IntMath.DivRoundUp(rows, TBackend.Width) + IntMath.DivRoundUp(columns, TBackend.Width));
            var scale = new SpectralNormScale<TBackend, TVector>
            {
                Output = matrix, Input = matrix, Results = words, Count = rows * columns, KeptWord = SpectralNormLayout.Factor,
            };
            launcher.Launch(scale, IntMath.DivRoundUp(scale.Count, TBackend.Width), 4);
            var next = new SpectralNormScale<TBackend, TVector>
            {
                Output = launcher.Bind(left), Input = launcher.Bind(product), Results = words, Count = rows,
                KeptWord = SpectralNormLayout.Keeps, FactorWord = SpectralNormLayout.InverseNorm, HasInput = true,
            };
            launcher.Launch(next, IntMath.DivRoundUp(rows, TBackend.Width), 4);
        }
    }
}
