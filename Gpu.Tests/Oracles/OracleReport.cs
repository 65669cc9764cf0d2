using System.Globalization;

namespace Gpu.Tests.Oracles;

/// <summary>
/// The largest error seen for each operation and device. With the environment variable <c>GPUTRAINER_ORACLE_REPORT</c> set to a file name,
/// the table is written there (Markdown) when the test run ends.
/// </summary>
public static class OracleReport
{
    private static readonly SortedDictionary<(string Operation, string Device), (double Error, int Checks)> Errors = [];

    static OracleReport() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Write();

    public static void Record(string operation, string device, double error)
    {
        lock (Errors)
        {
            var (worst, checks) = Errors.GetValueOrDefault((operation, device));
            Errors[(operation, device)] = (Math.Max(worst, error), checks + 1);
        }
    }

    private static void Write()
    {
        if (Environment.GetEnvironmentVariable("GPUTRAINER_ORACLE_REPORT") is not { Length: > 0 } file) return;
        using var writer = new StreamWriter(file);
        writer.WriteLine("| operation | device | checks | largest relative error |\n|---|---|---|---|");
        lock (Errors)
        {
            foreach (var ((operation, device), (error, checks)) in Errors)
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {operation} | {device} | {checks} | {error:E1} |"));
        }
    }
}
