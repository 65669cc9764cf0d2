using System.CommandLine;
using System.CommandLine.Parsing;
using Gpu.Training.Data;

namespace Gpu.Cli.Parsing;

/// <summary>Messages for usage errors, with the nearest valid option or command.</summary>
internal static class ParseErrors
{
    // Names of other programs.
    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["--wd"] = "--weight-decay", ["--decay"] = "--weight-decay", ["--l2"] = "--weight-decay", ["--learning-rate"] = "--lr", ["--batch-size"] = "--batch",
        ["-b"] = "--batch", ["--bs"] = "--batch", ["--workers"] = "--threads", ["--num-workers"] = "--threads", ["-j"] = "--threads", ["-e"] = "--epochs",
        ["--scheduler"] = "--schedule", ["--lr-schedule"] = "--schedule", ["--lr-scheduler"] = "--schedule", ["--optim"] = "--optimizer",
        ["--opt"] = "--optimizer", ["--output"] = "--out", ["-o"] = "--out", ["--save"] = "--out", ["--weights"] = "--init", ["--pretrained"] = "--init",
        ["--val"] = "--validation", ["--val-split"] = "--validation", ["--early-stopping"] = "--patience", ["--smoothing"] = "--label-smoothing",
        ["--grad-clip"] = "--clip-norm", ["--max-grad-norm"] = "--clip-norm", ["--continue"] = "--resume", ["--checkpoint"] = "--resume",
        ["--arch"] = "--model", ["--network"] = "--model", ["--image-size"] = "--size", ["--img-size"] = "--size", ["--imgsz"] = "--size",
        ["--gpu"] = "--device cuda", ["--cuda"] = "--device cuda", ["--cpu"] = "--device cpu", ["--amp"] = "--precision fp16", ["--fp16"] = "--precision fp16",
        ["--half"] = "--precision fp16", ["--tf32"] = "--precision tf32", ["--quiet"] = "--plain", ["--random-seed"] = "--seed",
        ["--gradient-accumulation"] = "--accumulate", ["--k-fold"] = "--folds", ["--cv"] = "--folds",
    };

    /// <summary>Returns the error message of a command line, or null if it is valid.</summary>
    public static string? Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = PathOf(command);
        List<string> mistakes = [];

        // The parser treats an unknown option as an argument if the command accepts one more.
        var unknown = ArgumentsOf(parsed).Concat(parsed.UnmatchedTokens).Where(LooksLikeOption).Distinct().ToArray();
        var names = OptionNames(command).ToArray();
        mistakes.AddRange(unknown.Select(token => $"Unknown option '{token}'.{Suggest(token, names)}"));
        if (unknown.Length == 0)
            mistakes.AddRange(parsed.UnmatchedTokens.Select(token => Unmatched(command, token)));
        // An unset shell variable gives an empty argument.
        mistakes.AddRange(ArgumentsOf(parsed).Where(string.IsNullOrWhiteSpace).Select(_ => "An argument is empty (''). Omit it, or give a value."));
        mistakes.AddRange(parsed.CommandResult.Children.OfType<OptionResult>()
            .Where(option => option.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
            .Select(option => $"{option.Option.Name} has an empty value. Omit it, or give a value."));
        if (mistakes.Count == 0) mistakes.AddRange(parsed.Errors.Select(Sentence).Distinct());
        return mistakes.Count == 0 ? null : $"{string.Join($"{Environment.NewLine}  ", mistakes)} See '{path} --help'.";
    }

    /// <summary>Returns <c> Did you mean 'x'?</c> with the nearest name, or an empty string if no name is near.</summary>
    public static string DidYouMean(string typed, IEnumerable<string> names) =>
        NearestName.Find(typed, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static string Suggest(string token, string[] names) =>
        Synonyms.TryGetValue(token.Split('=')[0], out var name) && names.Contains(name.Split(' ')[0]) ? $" Did you mean '{name}'?" : DidYouMean(token, names);

    private static string Unmatched(Command command, string token)
    {
        if (command.Subcommands.Count == 0) return $"Unexpected argument '{token}'.";
        var names = command.Subcommands.Select(sub => sub.Name).ToArray();
        return $"Unknown command '{token}'.{DidYouMean(token, names)} Commands: {string.Join(", ", names)}.";
    }

    // The parser's messages for missing values do not say what is expected.
    private static string Sentence(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0, Option: { } option } => $"{option.Name} needs a value. {option.Description}.",
        ArgumentResult { Tokens.Count: 0, Argument: { } argument } => $"Missing argument {argument.Name}: {argument.Description}.",
        ArgumentResult { Argument: { Arity: { MinimumNumberOfValues: > 1 } arity } argument } result when result.Tokens.Count < arity.MinimumNumberOfValues =>
            $"{argument.Name} is needed {arity.MinimumNumberOfValues} times: {argument.Description}.",
        _ => error.Message,
    };

    private static IEnumerable<string> ArgumentsOf(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);

    private static bool LooksLikeOption(string token) => token.Length > 1 && token[0] == '-' && !char.IsAsciiDigit(token[1]) && token[1] != '.';

    private static IEnumerable<string> OptionNames(Command command)
    {
        foreach (var option in command.Options) yield return option.Name;
        foreach (var parent in command.Parents.OfType<Command>())
        {
            foreach (var option in parent.Options.Where(option => option.Recursive)) yield return option.Name;
            foreach (var name in parent.Parents.OfType<Command>().SelectMany(OptionNames)) yield return name;
        }
    }

    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : command.Name;
}
