using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;

namespace Gpu.Cli.Commands;

/// <summary>All commands. Builds options only for the command that is run, because creating all of them would slow down every start.</summary>
internal static class CommandTree
{
    /// <summary>Option for JSON output.</summary>
    public const string Json = "--json";

    /// <summary>Option for plain output.</summary>
    public const string Plain = "--plain";

    /// <summary>Option for verbose output.</summary>
    public const string Verbose = "--verbose";

    private static readonly (string Name, string Description, Action<Command, CommandContext> Build)[] Entries =
    [
        ("train", "Train a network; without arguments, a small one on the bundled digits", TrainCommand.Build),
        ("eval", "Evaluate a run: loss, accuracy, per-class scores and confusion matrix", EvalCommand.Build),
        ("predict", "Predict class probabilities of image files", PredictCommand.Build),
        ("generate", "Draw images that a network makes from noise: samples, or ways from one to another", GenerateCommand.Build),
        ("sweep", "Search a grid of hyperparameters, evaluated on held-out training images", SweepCommand.Build),
        ("report", "Write a page that shows a run: curves, layers, mistakes, configuration", ReportCommand.Build),
        ("compare", "Compare runs: table, curves, norms, histograms, what differs", ReportCommand.BuildCompare),
        ("serve", "Serve a page that lists and follows runs and classifies images", ServeCommand.Build),
        ("export", "Write a trained network for other programs: ONNX, safetensors, PyTorch's names, JSON", ExportCommand.Build),
        ("devices", "List devices: the CPU, CUDA and OpenCL GPUs", DevicesCommand.Build),
        ("check", "Check that a device computes right, and how fast it is", CheckCommand.Build),
        ("models", "List the built-in networks", ModelsCommand.Build),
        ("import", "Make a run folder of a network in an ONNX file, to predict with or to fine-tune", ImportCommand.Build),
        ("model", "Show the layers of a network, or download pretrained weights", ModelCommand.Build),
        ("data", "List, download, generate and show data sets", DataCommand.Build),
        ("bench", "Benchmark a training step or single operations", BenchCommand.Build),
    ];

    /// <summary>Builds the command tree, with the options of the commands named in <paramref name="args"/>.</summary>
    public static Command Build(string[] args, CommandContext context)
    {
        var root = new Command("gputrainer", "Train image classifiers on GPUs and CPUs.")
        {
            new HelpOption(),
            new Option<bool>(Json) { Description = "Print one JSON object to standard output, everything else to standard error", Recursive = true },
            new Option<bool>(Plain) { Description = "Print plain text without colors and progress bar (default in pipes and CI)", Recursive = true },
            new Option<bool>(Verbose) { Description = "Print details, such as how steps are launched and stack traces of errors", Recursive = true },
        };
        var version = new Option<bool>("--version") { Description = "Print the version" };
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

    /// <summary>Makes a command a group: without a subcommand it is a usage error.</summary>
    public static void MakeGroup(Command group) => group.SetAction(void (_) => throw NeedsCommand(group));

    private static UsageException NeedsCommand(Command group)
    {
        var path = group.Parents.Any() ? $"gputrainer {group.Name}" : "gputrainer";
        return new UsageException(
            $"'{path}' needs a command: {string.Join(", ", group.Subcommands.Select(command => command.Name))}. See '{path} --help'.");
    }
}
