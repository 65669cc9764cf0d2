using System.Globalization;

namespace Gpu.Tests.Oracles;

/// <summary>
/// Collects the largest error of each operation and device. If the environment variable <c>GPUTRAINER_ORACLE_REPORT</c> names a file, the table is written to
/// it as Markdown at the end of the test run.
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
