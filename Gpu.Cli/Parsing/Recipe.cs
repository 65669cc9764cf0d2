using System.CommandLine;
using System.CommandLine.Parsing;

namespace Gpu.Cli.Parsing;

/// <summary>A named set of options of <c>train</c>: <c>--recipe NAME</c>. Options on the command line take precedence.</summary>
/// <param name="Name">the name</param>
/// <param name="Description">what it trains, for the help</param>
/// <param name="Dataset">the data set if none is given</param>
/// <param name="Arguments">the options with their values; a flag has none</param>
internal sealed record Recipe(string Name, string Description, string Dataset, params string[] Arguments)
{
    /// <summary>The network.</summary>
    public string? Model => ValueOf(Arguments, "--model");

    /// <summary>The option.</summary>
    public const string Option = "--recipe";

    // Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024: its recipe. Its learning rate, 11.5 / (1 + 1 / (1 - momentum)) for 1,024 images, is
    // here 1.5, and its decay of 0.0153 is here 0.0153 / 11.5. For its factor 1/9 of the outputs, their weights have here 1/81 of the rate, and 81 times the
    // decay, so that they decay as fast.
    private static readonly string[] Fast =
    [
        "--epochs", "10", "--batch", "1024", "--momentum", "0.85", "--lr", "1.5", "--weight-decay", "1.33e-3", "--decay-on", "all",
        "--lr-scale", "*.beta=64", "--decay-for", "*.beta=2.08e-5", "--lr-scale", "dense1*=0.0123", "--decay-for", "dense1*=0.108",
        "--freeze", "*.gamma", "--schedule", "onecycle:rise=0.23,start=0.2,final=0.07", "--whiten", "--augment", "flip:alternating,shift:2:reflect",
        "--lookahead", "5:0.226:falling",
    ];

    /// <summary>
    /// All recipes. The first five are the networks of the texts on weight decay, whose optimizer and decay are those of the built-in models.
    /// </summary>
    public static IReadOnlyList<Recipe> All { get; } =
    [
        new("cnn2", "cnn2 with Adam 1e-3 and L2 5e-4, 10 epochs", "digits", "--model", "cnn2", "--epochs", "10"),
        new("cnn3", "cnn3 with Adam 1e-3, 5 epochs of batches of 64", "digits", "--model", "cnn3", "--epochs", "5", "--batch", "64"),
        new("mlp10", "2-10-1 perceptron with Adam 0.01 and L2 1e-3, batches of 32", "circles", "--model", "mlp10", "--batch", "32", "--epochs", "100"),
        new("mlp64x2", "784-64-64-10 perceptron with L2 1e-3, batches of 128", "digits", "--model", "mlp64x2", "--batch", "128"),
        new("mlp128", "784-128-10 perceptron with SGD 0.01 and decay 1e-4, 100 epochs", "digits", "--model", "mlp128", "--epochs", "100", "--schedule",
            "constant"),
        new("mnist", "lenet_bn28 with one cycle, small rotations, scales, shears and shifts, and a moving average, 12 epochs", "mnist",
            "--model", "lenet_bn28", "--epochs", "12", "--batch", "128", "--lr", "4e-3", "--schedule", "onecycle", "--ema", "0.999",
            "--augment", "rotate:10,scale:0.9..1.1,shear:10,shift:2"),
        new("cifar10-fast", "cifar_fast: whitened first layer, GELU, fast biases of batch normalization, label smoothing, alternating flips, and lookahead, 10 "
            + "epochs of batches of 1,024", "cifar-10",
            ["--model", "cifar_fast", .. Fast]),
        new("fashion", "fashion_fast with the options of cifar10-fast", "fashion-mnist", ["--model", "fashion_fast", .. Fast]),
    ];

    /// <summary>Finds a recipe.</summary>
    /// <exception cref="UsageException">there is no such recipe</exception>
    public static Recipe Find(string name) => All.FirstOrDefault(recipe => recipe.Name == name) ?? throw new UsageException(
        $"There is no recipe '{name}'.{ParseErrors.DidYouMean(name, All.Select(recipe => recipe.Name))} Recipes: "
        + $"{string.Join(", ", All.Select(recipe => recipe.Name))}.");

    /// <summary>The arguments with those of the recipe that they name, if any, except options that they have themselves.</summary>
    /// <exception cref="UsageException">there is no such recipe</exception>
    public static string[] Expand(string[] arguments)
    {
        if (!arguments.Contains("train") || ValueOf(arguments, Option) is not { Length: > 0 } name) return arguments;
        var recipe = Find(name);
        List<string> expanded = [.. arguments];
        for (var i = 0; i < recipe.Arguments.Length;)
        {
            var length = i + 1 < recipe.Arguments.Length && !recipe.Arguments[i + 1].StartsWith("--", StringComparison.Ordinal) ? 2 : 1;
            if (ValueOf(arguments, recipe.Arguments[i]) is null) expanded.AddRange(recipe.Arguments.AsSpan(i, length));
            i += length;
        }

        return [.. expanded];
    }

    /// <summary>Returns whether a command line has the value of an option from the recipe that it names.</summary>
    /// <param name="parsed">the command line, expanded</param>
    /// <param name="option">the option, which has one value</param>
    public static bool Gives(ParseResult parsed, string option)
    {
        var recipe = All.FirstOrDefault(recipe => recipe.Name == Text(Option));
        return recipe is not null && ValueOf(recipe.Arguments, option) is { } value && value == Text(option);

        string? Text(string name) => (parsed.GetResult(name) as OptionResult)?.Tokens.FirstOrDefault()?.Value;
    }

    // The value of an option, as "--option VALUE" or "--option=VALUE"; null if it is not given.
    private static string? ValueOf(string[] arguments, string option)
    {
        var at = Array.FindIndex(arguments, text => text == option || text.StartsWith(option + "=", StringComparison.Ordinal));
        if (at < 0) return null;
        return arguments[at] != option ? arguments[at][(option.Length + 1)..] : at + 1 < arguments.Length ? arguments[at + 1] : "";
    }
}
