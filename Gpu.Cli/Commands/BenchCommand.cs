using System.CommandLine;

namespace Gpu.Cli.Commands;

/// <summary>Command group <c>bench</c>.</summary>
internal static class BenchCommand
{
    /// <summary>Adds the commands of the group.</summary>
    public static void Build(Command command, CommandContext context)
    {
        CommandTree.MakeGroup(command);
        command.Subcommands.Add(BenchStepCommand.Create(context));
        command.Subcommands.Add(BenchOpsCommand.Create(context));
        command.Subcommands.Add(BenchImagesCommand.Create(context));
    }
}
