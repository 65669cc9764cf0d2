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

    [Fact]
    public void WhatOnlyTheRecipeGivesMayBeWithoutEffect()
    {
        // The recipe's momentum belongs to its optimizer.
        using var folder = new TempFolder();
        CifarFolderTests.Write(folder, imagesPerBatch: 4);
        string[] train = ["train", folder.Path, "--recipe", "cifar10-fast", "--optimizer", "adam", "--dry-run"];
        var run = CommandLine.Run(train);
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        run = CommandLine.Run([.. train, "--momentum", "0.8"]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--momentum has no effect with the optimizer adam", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ASweepTakesTheOptionsOfARecipe()
    {
        var run = CommandLine.Run("sweep", "--recipe", "mlp128", "--grid", "lr=0.1,0.2", "--steps", "2", "--limit-train", "200", "--json");
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        Assert.Contains("\"model\":\"mlp128\"", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"--recipe\",\"mlp128\"", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ASweepComparesRecipes()
    {
        var run = CommandLine.Run("sweep", "--recipe", "mlp128,mlp64x2", "--steps", "2", "--limit-train", "200");
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        Assert.Contains("recipe=mlp64x2", run.Output, StringComparison.Ordinal);
        run = CommandLine.Run("sweep", "--recipe", "mlp128,mlp", "--steps", "2", "--limit-train", "200");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("There is no recipe 'mlp'", run.Error, StringComparison.Ordinal);
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
