using System.CommandLine;

namespace Gpu.Cli.Commands;

/// <summary><c>devices</c>.</summary>
internal static class DevicesCommand
{
    /// <summary>Adds what the command takes.</summary>
    public static void Build(Command command, Shell shell) => command.SetAction(_ => shell.Reporter.Line("cpu"));
}
