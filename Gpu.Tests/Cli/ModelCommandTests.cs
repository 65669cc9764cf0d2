using Gpu.Cli;
using Gpu.Training.Models;

namespace Gpu.Tests.Cli;

public class ModelCommandTests
{
    [Fact]
    public void ASizeThatANetworkCannotHaveIsAUsageErrorThatNamesTheOption()
    {
        var run = CommandLine.Run("train", "--size", "4096", "--model", "cnn2");
        Assert.Equal(Gpu.Cli.ExitCode.Usage, run.ExitCode);
        Assert.Contains("The network 'cnn2' cannot take images of 4096x4096 (--size). Layer 'dense1' (dense)", run.Error);
    }

    [Fact]
    public void ParametersAndFlopOfTheLayersAddUpToTheModel()
    {
        foreach (var name in BuiltInModels.Names)
        {
            var run = CommandLine.Run("model", "show", name, "--json");
            Assert.Equal(ExitCode.Success, run.ExitCode);

            // The entry of a block already includes its layers, so blocks are left out of the sum.
            var layers = run.Json.GetProperty("layers").EnumerateArray()
                .Where(layer => layer.GetProperty("kind").GetString() is not ("residual" or "sequence")).ToArray();
            Assert.Equal(run.Json.GetProperty("parameters").GetInt64(), layers.Sum(layer => layer.GetProperty("parameters").GetInt64()));
            Assert.Equal(run.Json.GetProperty("forward_flop").GetInt64(), layers.Sum(layer => layer.GetProperty("forward_flop").GetInt64()));
        }
    }

    [Fact]
    public void Cnn2HasTheExpectedFlopAndParameters()
    {
        // conv 26x26x32 of 9 taps, conv 11x11x64 of 288, dense 1600x64 and 64x10: multiply-adds.
        const long MultiplyAdds = 26 * 26 * 32 * 9 + 11 * 11 * 64 * 288 + 1600 * 64 + 640;
        var run = CommandLine.Run("model", "show", "cnn2", "--json");
        Assert.Contains("weight decay 0.00050, loss cross-entropy.", run.Error);
        Assert.Equal("cross-entropy", run.Json.GetProperty("loss").GetString());
        Assert.Equal(2 * MultiplyAdds, run.Json.GetProperty("forward_flop").GetInt64());
        Assert.Equal(121_930, run.Json.GetProperty("parameters").GetInt64());
    }

    [Fact]
    public void DescriptionOptionPrintsAValidModelFile()
    {
        using var folder = new IO.TempFolder();
        var run = CommandLine.Run("model", "show", "lenet_bn28", "--description");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        File.WriteAllText(folder.File("mine.json"), run.Output);
        Assert.Equal(
            CommandLine.Run("model", "show", "lenet_bn28", "--json").Json.GetProperty("layers").GetRawText(),
            CommandLine.Run("model", "show", folder.File("mine.json"), "--json").Json.GetProperty("layers").GetRawText());
    }

    [Fact]
    public void ShowsTheAdaptedNetwork()
    {
        var run = CommandLine.Run("model", "show", "resnet18", "--size", "96x128", "--channels", "1", "--classes", "3", "--json");
        Assert.Equal(("96x128x1", "3"), (run.Json.GetProperty("input").GetString(), run.Json.GetProperty("output").GetString()));
        // The first convolution has one input channel instead of three, and the dense layer three outputs instead of 1000.
        Assert.Equal(11_689_512 - 2 * 49 * 64 - 997 * 513, run.Json.GetProperty("parameters").GetInt64());
        Assert.Equal("784", CommandLine.Run("model", "show", "mlp128", "--size", "28", "--json").Json.GetProperty("input").GetString());
    }

    [Theory]
    [InlineData("expected a number of pixels", "--size", "12x")]
    [InlineData("expected a number of pixels", "--size", "0")]
    [InlineData("--channels", "--channels", "0")]
    [InlineData("--classes", "--classes", "-1")]
    public void ASizeOutOfRangeIsAUsageError(string message, params string[] options)
    {
        var run = CommandLine.Run(["model", "show", "resnet20", .. options]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public void AFileIsNotAdapted()
    {
        using var folder = new IO.TempFolder();
        File.WriteAllText(folder.File("mine.json"), CommandLine.Run("model", "show", "cnn2", "--description").Output);
        var run = CommandLine.Run("model", "show", folder.File("mine.json"), "--classes", "3");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("is a file", run.Error);
    }

    [Fact]
    public void ADamagedFileIsAFailure()
    {
        using var folder = new IO.TempFolder();
        File.WriteAllText(folder.File("broken.json"), "{ not json");
        var run = CommandLine.Run("model", "show", folder.File("broken.json"));
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("broken.json", run.Error);
    }
}
