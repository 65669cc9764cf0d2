namespace Gpu.Cli.Parsing;

/// <summary>A named set of options of <c>train</c>: <c>--recipe NAME</c>. Options on the command line take precedence.</summary>
/// <param name="Name">the name</param>
/// <param name="Description">what it trains, for the help</param>
/// <param name="Dataset">the data set if none is given</param>
/// <param name="Arguments">the options with their values</param>
internal sealed record Recipe(string Name, string Description, string Dataset, params string[] Arguments)
{
    /// <summary>The option.</summary>
    public const string Option = "--recipe";

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
    ];

    /// <summary>The recipe that the arguments name; null for none.</summary>
    /// <exception cref="UsageException">there is no such recipe</exception>
    public static Recipe? Of(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i] == Option && i + 1 < arguments.Count ? arguments[i + 1]
                : arguments[i].StartsWith(Option + "=", StringComparison.Ordinal) ? arguments[i][(Option.Length + 1)..] : null;
            if (name is null) continue;
            return All.FirstOrDefault(recipe => recipe.Name == name) ?? throw new UsageException(
                $"There is no recipe '{name}'.{ParseErrors.DidYouMean(name, All.Select(recipe => recipe.Name))} Recipes: "
                + $"{string.Join(", ", All.Select(recipe => recipe.Name))}.");
        }

        return null;
    }

    /// <summary>The arguments with those of the recipe that they name, if any, except options that they have themselves.</summary>
    public static string[] Expand(string[] arguments)
    {
        if (!arguments.Contains("train") || Of(arguments) is not { } recipe) return arguments;
        List<string> expanded = [.. arguments];
        for (var i = 0; i < recipe.Arguments.Length; i += 2)
        {
            var option = recipe.Arguments[i];
            if (!arguments.Any(given => given == option || given.StartsWith(option + "=", StringComparison.Ordinal)))
                expanded.AddRange([option, recipe.Arguments[i + 1]]);
        }

        return [.. expanded];
    }
}
