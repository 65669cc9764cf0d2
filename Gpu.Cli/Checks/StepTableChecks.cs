using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>Checks of step table.</summary>
internal static class StepTableChecks
{
    [OperationCheck("step table", 1)]
    public static void AdvanceCopiesTheEntriesInOrder(Checker checker)
    {
        const int entries = 5;
        var words = new int[StepTableLayout.Length(entries)];
        for (var i = StepTableLayout.Entries; i < words.Length; i++) words[i] = 1000 + i;
        var table = checker.Upload(words);
        var state = checker.Upload(Enumerable.Repeat(-7, StepStateLayout.Words).ToArray());
        var list = new CommandList(checker.Device);
        StepTable.Advance(list, table, state);
        for (var entry = 0; entry < entries; entry++)
        {
            list.Run();
            var got = checker.DownloadInts(state);
            var first = 1000 + StepTableLayout.Length(entry);
            Require.Equal(Enumerable.Range(first, 5), got[..5]);
            Require.All(got[5..], word => Require.Equal(-7, word));
        }

        words[StepTableLayout.Next] = entries;
        Require.Equal(words, checker.DownloadInts(table));
    }
}
