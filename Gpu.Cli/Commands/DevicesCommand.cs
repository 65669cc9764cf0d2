using Gpu.Cli.Output;
using Gpu.Kernels.Devices;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>devices</c>: lists the devices, and why a kind of device is unavailable.</summary>
internal static class DevicesCommand
{
    /// <summary>Adds the action.</summary>
    public static void Build(Command command, CommandContext context) => command.SetAction(_ => Run(context.Reporter, context.Host));

    private static void Run(Reporter reporter, CliHost host)
    {
        var table = new ReportTable(
            ReportTable.Text("device"), ReportTable.Text("name"), ReportTable.Number("memory"), ReportTable.Number("free"), ReportTable.Number("cores"),
            ReportTable.Number("lanes"));
        List<JsonRecord> records = [];
        var devices = host.ListDevices();
        foreach (var device in devices)
        {
            if (device.IsAvailable)
            {
                table.Add(
                    device.Id, device.Name, device.MemoryBytes > 0 ? Units.Bytes(device.MemoryBytes) : "", Free(device),
                    device.Processors > 0 ? Units.Count(device.Processors) : "", device.Lanes > 0 ? Units.Count(device.Lanes) : "");
            }

            records.Add(new JsonRecord().Add("id", device.Id).Add("kind", device.Kind).Add("name", device.Name).Add("available", device.IsAvailable)
                .Add("memory_bytes", device.MemoryBytes).Add("free_bytes", device.FreeBytes).Add("processors", device.Processors)
                .Add("lanes", device.Lanes).Add("missing", device.UnavailableReason));
        }

        reporter.Table(table);
        // A reason is a sentence or two, too long for a column.
        foreach (var device in devices.Where(device => !device.IsAvailable)) reporter.Line($"No {device.Id}: {device.UnavailableReason}.");
        reporter.Result(new JsonRecord().Add("devices", records));
    }

    // A dash if the driver does not report it.
    private static string Free(DeviceInfo device) => device.FreeBytes is { } bytes ? Units.Bytes(bytes) : "-";
}
