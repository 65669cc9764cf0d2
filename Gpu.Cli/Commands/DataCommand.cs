using System.CommandLine;

namespace Gpu.Cli.Commands;

/// <summary><c>data</c>: the group of the commands for data sets.</summary>
internal static class DataCommand
{
    /// <summary>Adds the group's commands.</summary>
    public static void Build(Command command, CommandContext context)
    {
        CommandTree.MakeGroup(command);
        command.Subcommands.Add(DataListCommand.Create(context));
        command.Subcommands.Add(DataGenerateCommand.Create(context));
        command.Subcommands.Add(DataShowCommand.Create(context));
    }
}
