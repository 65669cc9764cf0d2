using System.CommandLine;

namespace Gpu.Cli.Commands;

/// <summary><c>data</c>: the group of the commands for data sets.</summary>
internal static class DataCommand
{
    /// <summary>Adds the group's commands.</summary>
    public static void Build(Command command, Shell shell)
    {
        CommandTree.IsGroup(command);
        command.Subcommands.Add(DataListCommand.Create(shell));
        command.Subcommands.Add(DataGenerateCommand.Create(shell));
        command.Subcommands.Add(DataShowCommand.Create(shell));
    }
}
