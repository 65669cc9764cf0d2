using Gpu.Cli.Output;
using Gpu.Kernels.Devices;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>devices</c>: what can train, and why a kind is missing.</summary>
internal static class DevicesCommand
{
    /// <summary>Adds what the command takes.</summary>
    public static void Build(Command command, CommandContext context) => command.SetAction(_ => Run(context.Reporter));

    private static void Run(Reporter reporter)
    {
        var table = new ReportTable(
            ReportTable.Text("device"), ReportTable.Text("is"), ReportTable.Number("memory"), ReportTable.Number("free"), ReportTable.Number("cores"), ReportTable.Number("lanes"),
                ReportTable.Text("missing because"));
        List<JsonRecord> records = [];
        foreach (var device in DeviceCatalog.List())
        {
            table.Add(
                device.Id, device.Name, device.MemoryBytes > 0 ? Units.Bytes(device.MemoryBytes) : "", Free(device),
                device.Processors > 0 ? Units.Count(device.Processors) : "", device.Lanes > 0 ? Units.Count(device.Lanes) : "", device.UnavailableReason ?? "");
            records.Add(new JsonRecord().Add("id", device.Id).Add("kind", device.Kind).Add("name", device.Name).Add("available", device.IsAvailable)
                .Add("memory_bytes", device.MemoryBytes).Add("free_bytes", device.FreeBytes).Add("processors", device.Processors).Add("lanes", device.Lanes).Add("missing", device.UnavailableReason));
        }

        reporter.Table(table);
        reporter.Result(new JsonRecord().Add("devices", records));
    }

    // Nothing for what is not there, a dash where the driver does not say.
    private static string Free(DeviceInfo device) => device.FreeBytes is { } bytes ? Units.Bytes(bytes) : device.MemoryBytes > 0 ? "-" : "";
}
