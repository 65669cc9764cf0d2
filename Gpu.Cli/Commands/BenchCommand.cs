using System.CommandLine;

namespace Gpu.Cli.Commands;

/// <summary><c>bench</c>: the group of the commands that measure speed.</summary>
internal static class BenchCommand
{
    /// <summary>Adds the group's commands.</summary>
    public static void Build(Command command, CommandContext context)
    {
        CommandTree.MakeGroup(command);
        command.Subcommands.Add(BenchStepCommand.Create(context));
        command.Subcommands.Add(BenchOpsCommand.Create(context));
    }
}
