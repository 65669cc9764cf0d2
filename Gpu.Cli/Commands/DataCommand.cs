using System.CommandLine;

namespace Gpu.Cli.Commands;

/// <summary>Command group <c>data</c>.</summary>
internal static class DataCommand
{
    /// <summary>Adds the commands of the group.</summary>
    public static void Build(Command command, CommandContext context)
    {
        CommandTree.MakeGroup(command);
        command.Subcommands.Add(DataListCommand.Create(context));
        command.Subcommands.Add(DataGetCommand.Create(context));
        command.Subcommands.Add(DataGenerateCommand.Create(context));
        command.Subcommands.Add(DataShowCommand.Create(context));
        command.Subcommands.Add(DataCacheCommand.Create(context));
    }
}
