using Gpu.Cli;
using Gpu.Cli.Parsing;
using Gpu.Tests.Data;
using Gpu.Tests.IO;

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

    [Fact]
    public void AFlagOfARecipeHasNoValue()
    {
        var expanded = Recipe.Expand(["train", "x", "--recipe", "cifar10-fast", "--lr", "0.3"]);
        var at = Array.IndexOf(expanded, "--whiten");
        Assert.Equal("--augment", expanded[at + 1]);
        // Options that are repeated are all there.
        Assert.Equal(2, expanded.Count(argument => argument == "--lr-scale"));
        Assert.Single(expanded, "--lr");
    }

    public static TheoryData<string> Names => [.. Recipe.All.Select(recipe => recipe.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TrainAcceptsEveryRecipe(string name)
    {
        using var folder = new TempFolder();
        // The data sets that must be downloaded are replaced by others of the same shape.
        string[] data = [];
        if (Recipe.Find(name).Dataset is "mnist" or "fashion-mnist") data = ["digits"];
        if (Recipe.Find(name).Dataset == "cifar-10")
        {
            CifarFolderTests.Write(folder, imagesPerBatch: 4);
            data = [folder.Path];
        }

        var run = CommandLine.Run(["train", .. data, "--recipe", name, "--dry-run", "--json"]);
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
    }
}
