using System.CommandLine;
using System.CommandLine.Parsing;
using Gpu.Cli.Commands;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Data;
using Gpu.Training.Search;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Sweeping;

/// <summary>
/// Turns the command line of a sweep into command lines of <c>train</c>, one for each setting. So every option of <c>train</c> can be swept, with the parser
/// and the checks that it has there; no option is known by name, but for those that make no sense in a sweep.
/// </summary>
internal sealed class SweepSettings
{
    private const int MaxSettings = 1000;

    // Options of train that a sweep has no use for, or another meaning.
    private static readonly string[] Excluded =
    [
        "--out", "--resume", "--override", "--reset-optimizer", "--dry-run", "--plot", "--validation", "--patience", "--limit-test", "--log-every",
        "--checkpoint-every", "--on-divergence",
    ];

    // They apply to all settings.
    private static readonly string[] Shared = ["--seed", "--limit-train", "--device", "--threads", "--kernels", "--no-graph"];

    private readonly Command _root = new("gputrainer");
    private readonly Command _command = new("train");
    private readonly CommandContext _context;

    public SweepSettings(CommandContext context)
    {
        _context = context;
        _root.Subcommands.Add(_command);
        Train = TrainCommand.Create(_command, context);
    }

    /// <summary>The command that prepares and trains.</summary>
    public TrainCommand Train { get; }

    /// <summary>The options of <c>train</c> for the command <c>sweep</c>. They take any text, since it may be a list.</summary>
    public IEnumerable<Option> Options => _command.Options.Where(option => !Excluded.Contains(option.Name)).Select(option => option is Option<bool>
        ? new Option<bool>(option.Name) { Description = option.Description }
        : (Option)new Option<string[]>(option.Name)
        {
            HelpName = option.HelpName,
            Description = option.Description,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        });

    /// <summary>The arguments of <c>train</c> that all settings have, and the options with several values.</summary>
    /// <param name="parsed">the command line of <c>sweep</c></param>
    /// <param name="dataset">the data set; null for the default</param>
    /// <param name="grids">the values of <c>--grid</c></param>
    /// <param name="standard">what to sweep if nothing else is swept, and the option is not given</param>
    /// <exception cref="UsageException">an option is unknown or cannot be swept, or a value is not valid</exception>
    public (IReadOnlyList<string> Common, IReadOnlyList<SweptOption> Swept) Read(
        ParseResult parsed, string? dataset, IReadOnlyList<string> grids, string standard)
    {
        List<string> common = dataset is null ? [] : [dataset];
        List<SweptOption> swept = [];
        HashSet<string> given = [];
        foreach (var result in parsed.CommandResult.Children.OfType<OptionResult>().Where(result => !result.Implicit))
        {
            var option = _command.Options.FirstOrDefault(option => option.Name == result.Option.Name && !Excluded.Contains(option.Name));
            if (option is null) continue;
            given.Add(option.Name);
            var values = result.Tokens.Select(token => token.Value).ToArray();
            if (values is [var text] && IsList(option.Name, text))
            {
                swept.Add(SweptOption.Parse(option.Name, text, value => Check(option.Name, value)));
                continue;
            }

            if (values.Length == 0) common.Add(option.Name);
            foreach (var value in values) common.AddRange([option.Name, value]);
        }

        foreach (var grid in grids) Add(ParseGrid(grid));
        if (swept.Count == 0)
        {
            var fallback = ParseGrid(standard);
            // A single value of it is a sweep of one setting.
            if (common.IndexOf(fallback.Name) is >= 0 and var at)
            {
                fallback = SweptOption.Parse(fallback.Name, common[at + 1], value => Check(fallback.Name, value));
                common.RemoveRange(at, 2);
            }

            swept.Add(fallback);
        }

        // Reports mistakes of the common options before those of a setting.
        if (ParseErrors.Explain(Parse(common)) is { } mistake) throw new UsageException(mistake);
        RequireLoss(Parse(common));
        return (common, swept);

        void Add(SweptOption option)
        {
            if (given.Contains(option.Name) || swept.Any(other => other.Name == option.Name))
                throw new UsageException($"{option.Name} is given twice. Give all its values at once, with --grid {option.Key}=... or {option.Name}.");
            swept.Add(option);
        }
    }

    /// <summary>The settings of a grid: every combination, the last option varies fastest.</summary>
    /// <exception cref="UsageException">there are too many</exception>
    public static IReadOnlyList<IReadOnlyList<string>> Grid(IReadOnlyList<SweptOption> swept)
    {
        IReadOnlyList<string>[] lists = [.. swept.Select(option => (IReadOnlyList<string>)[.. option.Values().Distinct()])];
        var count = lists.Aggregate(1.0, (product, list) => product * list.Count);
        if (count > MaxSettings)
        {
            throw new UsageException(
                $"The grid has {Units.Count((long)count)} combinations, but at most {MaxSettings} are allowed. Use shorter lists, or draw some of the settings "
                + "with --random N.");
        }

        IEnumerable<IReadOnlyList<string>> settings = [[]];
        foreach (var list in lists) settings = [.. from setting in settings from value in list select (IReadOnlyList<string>)[.. setting, value]];
        return [.. settings];
    }

    /// <summary>Settings drawn at random, each once.</summary>
    /// <param name="swept">the options</param>
    /// <param name="count">how many; fewer are drawn if there are no more</param>
    /// <param name="seed">random seed</param>
    public IReadOnlyList<IReadOnlyList<string>> Draw(IReadOnlyList<SweptOption> swept, int count, ulong seed)
    {
        var random = new PortableRandom(seed);
        List<IReadOnlyList<string>> drawn = [];
        HashSet<string> known = [];
        for (var attempt = 0; attempt < 20 * count && drawn.Count < count; attempt++)
        {
            string[] setting = [.. swept.Select(option => option.Draw(random.NextDouble, value => Check(option.Name, value)))];
            if (known.Add(string.Join('\n', setting))) drawn.Add(setting);
        }

        return drawn;
    }

    /// <summary>The command line of <c>train</c> for a setting. An option with an empty value is left out.</summary>
    public static IReadOnlyList<string> Arguments(IReadOnlyList<string> common, IReadOnlyList<SweptOption> swept, IReadOnlyList<string> values) =>
        [.. common, .. swept.Zip(values).Where(pair => pair.Second.Length > 0).SelectMany(pair => new[] { pair.First.Name, pair.Second })];

    /// <summary>
    /// The option among arguments that <c>train</c> refuses because what it sets is 0, such as the mode of a decay of 0; null if the mistake is another one.
    /// </summary>
    public static string? IdleOption(IReadOnlyList<string> arguments, string mistake) => arguments.FirstOrDefault(
        argument => argument.StartsWith("--", StringComparison.Ordinal) && mistake.StartsWith($"{argument} has no effect, because ", StringComparison.Ordinal));

    /// <summary>The arguments without an option and its value.</summary>
    public static IReadOnlyList<string> Without(IReadOnlyList<string> arguments, string option)
    {
        var kept = arguments.ToList();
        while (kept.IndexOf(option) is >= 0 and var at)
            kept.RemoveRange(at, at + 1 < kept.Count && !kept[at + 1].StartsWith("--", StringComparison.Ordinal) ? 2 : 1);
        return kept;
    }

    /// <summary>Parses arguments of <c>train</c>, with those of the recipe that they name.</summary>
    /// <exception cref="UsageException">there is no such recipe</exception>
    public ParseResult Parse(IReadOnlyList<string> arguments) => _root.Parse(Recipe.Expand(["train", .. arguments]));

    /// <summary>Prepares the setting with the given arguments, with the checks of <c>train</c>.</summary>
    /// <param name="name">name of the setting</param>
    /// <param name="arguments">the arguments of <c>train</c></param>
    /// <param name="isFirst">whether to show notes, which are often the same for all settings</param>
    /// <exception cref="UsageException">an option does not apply, or contradicts another</exception>
    public SearchSetting Prepare(string name, IReadOnlyList<string> arguments, bool isFirst)
    {
        var parsed = Parse(arguments);
        if (ParseErrors.Explain(parsed) is { } mistake) throw new UsageException(mistake);
        RequireLoss(parsed);
        var (model, data, options) = Train.Prepare(parsed, isFirst ? _context.Reporter : Reporter.Silent());
        return new SearchSetting(name, model, data, options);
    }

    // Before data is loaded.
    private void RequireLoss(ParseResult parsed)
    {
        if (!Train.TrainsGenerator(parsed)) return;
        throw new UsageException(
            "A sweep compares losses on held-out samples, but the loss of a generator depends on its discriminator. Train the settings one by one with "
            + "--frechet-every 1, and look at the runs with 'gputrainer compare'.");
    }

    private SweptOption ParseGrid(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1) throw new UsageException($"--grid expects OPTION=VALUES, such as weight-decay=0,1e-4,1e-3, but got '{text}'.");
        var name = "--" + text[..equals].Trim().TrimStart('-');
        if (Excluded.Contains(name) || Shared.Contains(name))
        {
            var instead = name switch
            {
                "--seed" => "Use --seeds N, which runs each setting with N seeds",
                "--validation" or "--patience" => "Settings are compared on held-out training samples: use --folds or --hold-out",
                _ => "It has no influence on a setting, or is the same for all of them",
            };
            throw new UsageException($"--grid cannot vary {name}. {instead}.");
        }

        if (_command.Options.All(option => option.Name != name))
        {
            // The same error as train's.
            throw new UsageException(ParseErrors.Explain(Parse([name, "0"])) ?? $"Unknown option '{name}'. See 'gputrainer train --help'.");
        }

        return SweptOption.Parse(name, text[(equals + 1)..].Trim(), value => Check(name, value));
    }

    // A text is a list if the option does not take it as one value.
    private bool IsList(string name, string text) => !Shared.Contains(name)
        && (text.AsSpan().ContainsAny(',', ';') || text.Contains("..", StringComparison.Ordinal)) && Check(name, text) is not null;

    // The error message of the option for a value; null if it is valid.
    private string? Check(string name, string value)
    {
        try
        {
            return ParseErrors.Explain(Parse([name, value]));
        }
        catch (UsageException mistake)
        {
            return mistake.Message;
        }
    }
}
