using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;

namespace Gpu.Cli.Commands;

/// <summary>All commands. Only one that the command line names gets its options: building forty options takes longer than starting.</summary>
internal static class CommandTree
{
    /// <summary>The option for programs.</summary>
    public const string Json = "--json";

    /// <summary>The option for plain lines.</summary>
    public const string Plain = "--plain";

    /// <summary>The option for details of errors.</summary>
    public const string Verbose = "--verbose";

    private static readonly (string Name, string Description, Action<Command, CommandContext> Build)[] Entries =
    [
        ("train", "Trains a network; without arguments a small one on the bundled digits", TrainCommand.Build),
        ("eval", "Loss, accuracy, scores of each class and confusion matrix of a run's best weights", EvalCommand.Build),
        ("predict", "Class probabilities for image files", PredictCommand.Build),
        ("sweep", "Tries settings, judged by held-out training images", SweepCommand.Build),
        ("devices", "Lists the devices that can train: the CPU, CUDA and OpenCL GPUs", DevicesCommand.Build),
        ("models", "Lists the built-in networks", ModelsCommand.Build),
        ("model", "Shows the layers of a network", ModelCommand.Build),
        ("data", "Lists, generates and shows data sets", DataCommand.Build),
        ("bench", "Times a training step, or single operations beside the device's own ceilings", BenchCommand.Build),
    ];

    /// <summary>The commands, those that <paramref name="args"/> name complete.</summary>
    public static Command Build(string[] args, CommandContext context)
    {
        var root = new Command("gputrainer", "Trains image classifiers on GPUs and on the CPU.")
        {
            new HelpOption(),
            new Option<bool>(Json) { Description = "One JSON object as the last line of standard output, everything else on standard error", Recursive = true },
            new Option<bool>(Plain) { Description = "Plain lines: no colours, no progress bar (as in a pipe or in CI)", Recursive = true },
            new Option<bool>(Verbose) { Description = "Adds details: how steps are launched, the stack trace of an error", Recursive = true },
        };
        var version = new Option<bool>("--version") { Description = "Prints the version" };
        root.Options.Add(version);
        foreach (var (name, description, build) in Entries)
        {
            var command = new Command(name, description);
            if (args.Contains(name)) build(command, context);
            root.Subcommands.Add(command);
        }

        root.SetAction(result =>
        {
            if (!result.GetValue(version)) throw NeedsCommand(root);
            var assembly = typeof(CommandTree).Assembly;
            context.Host.Output.WriteLine($"gputrainer {assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}");
        });
        return root;
    }

    /// <summary>Makes a command that only groups others say so when it is called alone.</summary>
    public static void MakeGroup(Command group) => group.SetAction(void (_) => throw NeedsCommand(group));

    private static UsageException NeedsCommand(Command group)
    {
        var path = group.Parents.Any() ? $"gputrainer {group.Name}" : "gputrainer";
        return new UsageException(
            $"'{path}' needs a command: {string.Join(", ", group.Subcommands.Select(command => command.Name))}. '{path} --help' says what they do.");
    }
}
