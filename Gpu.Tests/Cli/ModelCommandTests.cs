using Gpu.Cli;
using Gpu.Training.Models;

namespace Gpu.Tests.Cli;

public class ModelCommandTests
{
    [Fact]
    public void ParametersAndFlopOfTheLayersAddUpToTheModel()
    {
        foreach (var name in BuiltInModels.Names)
        {
            var run = CommandLine.Run("model", "show", name, "--json");
            Assert.Equal(ExitCode.Success, run.ExitCode);

            // The entry of a block already includes its layers, so blocks are left out of the sum.
            var layers = run.Json.GetProperty("layers").EnumerateArray().Where(layer => layer.GetProperty("kind").GetString() != "residual").ToArray();
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
    public void ADamagedFileIsAFailure()
    {
        using var folder = new IO.TempFolder();
        File.WriteAllText(folder.File("broken.json"), "{ not json");
        var run = CommandLine.Run("model", "show", folder.File("broken.json"));
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("broken.json", run.Error);
    }
}
