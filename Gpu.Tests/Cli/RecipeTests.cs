using Gpu.Cli;
using Gpu.Cli.Parsing;

namespace Gpu.Tests.Cli;

public class RecipeTests
{
    [Fact]
    public void OptionsOnTheCommandLineTakePrecedence() => Assert.Equal(
        ["train", "moons", "--recipe", "mlp10", "--epochs=3", "--model", "mlp10", "--batch", "32"],
        Recipe.Expand(["train", "moons", "--recipe", "mlp10", "--epochs=3"]));

    [Fact]
    public void OtherArgumentsStayAsTheyAre() => Assert.Equal(["sweep", "--epochs", "3"], Recipe.Expand(["sweep", "--epochs", "3"]));

    [Fact]
    public void AnUnknownRecipeIsAUsageError()
    {
        var run = CommandLine.Run("train", "--recipe", "cnn5");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("There is no recipe 'cnn5'. Did you mean 'cnn2'?", run.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string> Names => [.. Recipe.All.Select(recipe => recipe.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TrainAcceptsEveryRecipe(string name)
    {
        var run = CommandLine.Run("train", "--recipe", name, "--dry-run", "--json");
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
    }
}
