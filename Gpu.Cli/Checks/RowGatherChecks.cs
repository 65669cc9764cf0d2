using Gpu.Kernels;

namespace Gpu.Cli.Checks;

/// <summary>Checks of batches of rows.</summary>
internal static class RowGatherChecks
{
    [OperationCheck("batches of rows", 64)]
    public static void CopiesRowsAndLabels(Checker checker)
    {
        foreach (var (count, batch, length) in new[] { (1, 1, 1), (7, 5, 1), (9, 4, 2), (5, 3, 4), (6, 6, 17), (11, 8, 33), (3, 2, 4097), (20, 16, 64) })
        {
            var rows = checker.Uniform(count * length);
            var labels = checker.Labels(count, 10);
            // The last index is outside of the table, and the batch continues past the end of the order.
            var order = checker.Labels(batch + 1, count);
            order[batch] = count;
            var step = new int[StepStateLayout.Words];
            step[StepStateLayout.BatchStart] = 2;
            var (output, outputLabels) = (checker.Output(batch * length), checker.Output(batch));
            RowGather.Run(
                checker.Device, checker.Upload(rows), length, checker.Upload(labels), checker.Upload(order), checker.Upload(step), output, outputLabels);
            var sources = Enumerable.Range(2, batch).Select(i => i < batch ? order[i] : -1).ToArray();
            Require.Equal(sources.Select(row => row < 0 ? -1 : labels[row]), checker.DownloadInts(outputLabels));
            Require.Equal(
                sources.SelectMany(row => row < 0 ? new float[length] : rows[(row * length)..((row + 1) * length)]), checker.Download(output));
        }
    }
}
