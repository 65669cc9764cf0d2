using System.Text;
using Gpu.Kernels;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Training.Models;

namespace Gpu.Tests.Safety;

/// <summary>Sizes from outside are computed without overflow. What exceeds a limit is an error that names the layer and the limit.</summary>
public class ShapeLimitTests
{
    [Theory]
    [InlineData("""{"type": "convolution", "channels": 8, "kernel": 3, "padding": 2147483647}""", "'conv1' (convolution)", "32,768")]
    [InlineData("""{"type": "convolution", "channels": 2, "kernel": 3, "padding": [1, 1, 2147483647, 1]}""", "'conv1' (convolution)", "32,768")]
    [InlineData("""{"type": "convolution", "channels": 2, "kernel": 3, "padding": 2147483640}""", "'conv1' (convolution)", "32,768")]
    [InlineData("""{"type": "convolution", "channels": 2, "kernel": 3, "padding": -1}""", "'conv1' (convolution)", "0 to 32,768")]
    [InlineData("""{"type": "convolution", "channels": 8, "kernel": 3, "dilation": 2147483647}""", "'conv1' (convolution)", "32,768")]
    [InlineData("""{"type": "convolution", "channels": 8, "kernel": 3, "dilation": 1073741824}""", "'conv1' (convolution)", "32,768")]
    [InlineData("""{"type": "convolution", "channels": 8, "kernel": 2147483647, "padding": 1000}""", "'conv1' (convolution)", "32,768")]
    [InlineData("""{"type": "convolution", "channels": 8, "kernel": 3, "stride": 2147483647}""", "'conv1' (convolution)", "32,768")]
    [InlineData("""{"type": "convolution", "channels": 1000000000, "kernel": 3}""", "'conv1' (convolution)", "268,435,456")]
    [InlineData("""{"type": "convolution", "channels": 200000000, "kernel": 28}""", "'conv1' (convolution)", "2,147,418,112")]
    [InlineData("""{"type": "convolution", "channels": 8, "kernel": 32768, "padding": "same"}""", "'conv1' (convolution)", "2,147,418,112")]
    [InlineData("""{"type": "transposed-convolution", "channels": 8, "kernel": 32768, "stride": 32768}""", "(transposed-convolution)", "2,147,418,112")]
    [InlineData("""{"type": "transposed-convolution", "channels": 8, "kernel": 3, "dilation": 2147483647}""", "'deconv1' (transposed-convolution)", "32,768")]
    [InlineData("""{"type": "max-pooling", "window": 2, "padding": 2147483647}""", "'maxpool1' (max-pooling)", "32,768")]
    [InlineData("""{"type": "average-pooling", "window": 2147483647, "padding": 2147483640}""", "'avgpool1' (average-pooling)", "32,768")]
    [InlineData("""{"type": "upsampling", "factor": 2147483647}""", "'upsample1' (upsampling)", "32,768")]
    [InlineData("""{"type": "upsampling", "factor": 30000}""", "'upsample1' (upsampling)", "2,147,418,112")]
    public void ALayerBeyondALimitIsNamed(string layer, string name, string limit)
    {
        using var folder = new TempFolder();
        var json = $$"""{"name": "m", "input": [28, 28, 3], "layers": [{{layer}}, {"type": "flatten"}, {"type": "dense", "units": 10}]}""";
        var message = Assert.Throws<ModelException>(() => ModelFile.Parse(json)).Message;
        Assert.Contains(name, message);
        Assert.Contains(limit, message);
        var shown = CommandLine.Run("model", "show", folder.Write("m.json", Encoding.UTF8.GetBytes(json)));
        Assert.Equal(1, shown.ExitCode);
        Assert.Contains(name, shown.Error);
    }

    [Theory]
    [InlineData("[65536, 65536, 4]", "dense", "units", "10", "2,147,418,112")]
    [InlineData("[2147483647]", "dense", "units", "10", "268,435,456")]
    [InlineData("[100]", "dense", "units", "2147483647", "268,435,456")]
    [InlineData("[100000]", "dense", "units", "100000", "2,147,418,112")]
    public void InputsAndUnitsHaveLimits(string input, string type, string property, string value, string limit)
    {
        var json = $$"""{"name": "m", "input": {{input}}, "layers": [{"type": "{{type}}", "{{property}}": {{value}}}]}""";
        Assert.Contains(limit, Assert.Throws<ModelException>(() => ModelFile.Parse(json)).Message);
    }

    [Theory]
    [InlineData("\"labelSmoothing\": 1e300", "labelSmoothing is 1e300, but must be 0 or more, and below 1")]
    [InlineData("\"labelSmoothing\": 1e999", "labelSmoothing is 1e999, but must be 0 or more, and below 1")]
    [InlineData("\"labelSmoothing\": -1", "0 or more, and below 1")]
    [InlineData("\"labelSmoothing\": 65536", "0 or more, and below 1")]
    [InlineData("\"optimizer\": {\"learningRate\": 1e300}", "learningRate is 1e300, but must be a number above 0")]
    [InlineData("\"optimizer\": {\"learningRate\": 1e-300}", "learningRate is 1e-300, but must be a number above 0")]
    [InlineData("\"optimizer\": {\"kind\": \"adam\", \"beta1\": 1e22}", "beta1 is 1e22, but must be 0 or more, and below 1")]
    [InlineData("\"optimizer\": {\"kind\": \"adam\", \"epsilon\": 0}", "epsilon")]
    [InlineData("\"optimizer\": {\"weightDecay\": -1}", "weightDecay")]
    public void NumbersOfTheRecipeHaveRanges(string property, string expected)
    {
        var json = $$"""{"name": "m", {{property}}, "input": [4], "layers": [{"type": "dense", "units": 2}]}""";
        Assert.Contains(expected, Assert.Throws<ModelException>(() => ModelFile.Parse(json)).Message);
    }

    [Theory]
    [InlineData("{\"type\": \"dropout\", \"probability\": 1e300}", "probability is above 3.4e38, but must be 0 or more and below 1")]
    [InlineData("{\"type\": \"batch-normalization\", \"epsilon\": 1e300}", "epsilon is above 3.4e38, but must be above 0 and at most 3.4e38")]
    [InlineData("{\"type\": \"batch-normalization\", \"momentum\": -1e300}", "momentum is below -3.4e38, but must be 0 to 1")]
    [InlineData("{\"type\": \"dense\", \"units\": 2, \"weightDecay\": 1e300}", "weightDecay is above 3.4e38, but must be 0 to 3.4e38")]
    [InlineData("{\"type\": \"dense\", \"units\": 2, \"learningRateScale\": 1e300}", "learningRateScale is above 3.4e38, but must be above 0 and at most")]
    [InlineData("{\"type\": \"dense\", \"units\": 1e300}", "property 'units': a whole number of at most 2,147,483,647 is needed, but 1e300 was found")]
    [InlineData("{\"type\": \"dense\", \"units\": 2.5}", "property 'units': a whole number is needed, but 2.5 was found")]
    [InlineData(
        "{\"type\": \"activation\", \"function\": {\"kind\": \"leaky-relu\", \"slope\": 1e300}}", "slope is 1e300, but must be above 0 and at most 3.4e38")]
    public void NumbersOfLayersHaveRanges(string layer, string expected)
    {
        var json = $$"""{"name": "m", "input": [4], "layers": [{"type": "dense", "units": 2}, {{layer}}]}""";
        Assert.Contains(expected, Assert.Throws<ModelException>(() => ModelFile.Parse(json)).Message);
    }

    [Fact]
    public void InvalidTextIsTheReadersOwnException()
    {
        using var folder = new TempFolder();
        const string rest = "\", \"input\": [4], \"layers\": [{\"type\": \"dense\", \"units\": 2}]}";
        Assert.Contains("string at byte 8", Assert.Throws<ModelException>(() => ModelFile.Parse("{\"name\":\"\\ud800" + rest)).Message);
        Assert.Contains("surrogate", Assert.Throws<ModelException>(() => ModelFile.Parse("{\"name\":\"\ud800" + rest)).Message);
        var latin1 = folder.Write("m.json", Encoding.Latin1.GetBytes("{\"name\":\"\u00e9" + rest));
        Assert.Contains("not UTF-8", Assert.Throws<ModelException>(() => ModelFile.Load(latin1)).Message);
        // Byte order marks of UTF-8 and UTF-16 are accepted.
        foreach (var encoding in new Encoding[] { new UTF8Encoding(true), new UnicodeEncoding(false, true) })
        {
            var path = folder.Write("m.json", [.. encoding.GetPreamble(), .. encoding.GetBytes("{\"name\":\"\u00e9" + rest)]);
            Assert.Equal("\u00e9", ModelFile.Load(path).Name);
        }
    }

    [Fact]
    public void ShapesOfKernelsAreCheckedWithoutOverflow()
    {
        var shape = new Conv2dShape { Batch = 1, InputHeight = 28, InputWidth = 28, InputChannels = 1, OutputChannels = 8, KernelHeight = 3, KernelWidth = 3 };
        foreach (var wrong in (Conv2dShape[])
            [
                shape with { PaddingTop = int.MaxValue }, shape with { DilationWidth = int.MaxValue }, shape with { KernelHeight = int.MaxValue },
                shape with { StrideHeight = int.MaxValue }, shape with { Batch = int.MaxValue }, shape with { InputChannels = int.MaxValue },
                shape with { Batch = 1 << 28 }, shape with { OutputChannels = 1 << 28 }, shape with { InputHeight = 1 << 28 },
            ])
        {
            Assert.Throws<ArgumentException>(() => wrong.Validate());
            Assert.Throws<ArgumentException>(() => Conv2d.WorkspaceLength(wrong));
        }

        Assert.Throws<ArgumentException>(() => new Pool2dShape(1, 1 << 28, 1 << 28, 1, 2, 2, 2, 2).Validate());
        Assert.Throws<ArgumentException>(() => new Pool2dShape(1, 28, 28, 1, int.MaxValue, 2, 2, 2, int.MaxValue - 1).Validate());
        Assert.Throws<ArgumentException>(() => new ShortcutShape(1 << 20, 1 << 20, 1, 1, 1, 1).Validate());
        Assert.Throws<ArgumentException>(() => new BatchShape(1, 1 << 20, 1 << 10, 1 << 10, 1).BatchLength);
        Assert.Throws<ArgumentException>(() => BatchNorm.WorkspaceLength(1 << 20, 1 << 28));
        Assert.Throws<ArgumentException>(() => Dense.WorkspaceLength(1, 1 << 27, 1 << 27));
        Assert.Throws<ArgumentException>(() => ConvTranspose2d.WorkspaceLength(shape with { InputChannels = 1 << 28, OutputChannels = 1 << 10 }));
    }

    [Fact]
    public void TheLargestTensorIsAccepted()
    {
        Assert.Equal(ShapeLimits.MaxLength, ShapeLimits.Length("x", 2, ShapeLimits.MaxLength / 2));
        var error = Assert.Throws<ArgumentException>(() => ShapeLimits.Length("x", 2, ShapeLimits.MaxLength / 2 + 1));
        Assert.Contains("x would have 2 x 1073709057", error.Message);
        Assert.Throws<ArgumentException>(() => ShapeLimits.Length("x", long.MaxValue, long.MaxValue));
        Assert.Throws<ArgumentException>(() => ShapeLimits.Length("x", 2, -1));
        Assert.Equal(0, ShapeLimits.Length("x", 0, long.MaxValue));
    }
}
