using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Data.Digits;

namespace Gpu.Tests.Data;

public class DigitsGeneratorTests
{
    private static readonly Lazy<ImageDataset> Seed1 = new(() => DigitsGenerator.Generate(seed: 1));

    [Fact]
    public void TheBundledDataSetIsGeneratedFromSeed1()
    {
        var bundled = DatasetLoader.Load("digits");
        Assert.Equal("digits", bundled.Name);
        Assert.Equal(Seed1.Value.Train.Labels, bundled.Train.Labels);
        Assert.Equal(Seed1.Value.Test.Labels, bundled.Test.Labels);
        Assert.True(Seed1.Value.Train.Pixels.AsSpan().SequenceEqual(bundled.Train.Pixels));
        Assert.True(Seed1.Value.Test.Pixels.AsSpan().SequenceEqual(bundled.Test.Pixels));
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], bundled.ClassNames);
    }

    [Fact]
    public void TheBundledFilesHaveTheGeneratedContentAndAtMost4MB()
    {
        // Only the decompressed content is compared: the compressed bytes depend on the version of .NET.
        using var folder = new TempFolder();
        IdxFolderWriter.Write(Seed1.Value, folder.Path);
        var committed = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "datasets", "digits"));
        Assert.Equal(4, committed.Length);
        Assert.InRange(committed.Sum(file => new FileInfo(file).Length), 1, 4_000_000);
        Assert.InRange(Directory.GetFiles(folder.Path).Sum(file => new FileInfo(file).Length), 1, 4_000_000);
        Assert.All(committed, file => Assert.True(Gzip.ReadFile(file).AsSpan().SequenceEqual(Gzip.ReadFile(folder.File(Path.GetFileName(file)))), file));
    }

    [Fact]
    public void EveryDigitIsEquallyFrequent()
    {
        Assert.All(Seed1.Value.Train.CountPerClass(10), count => Assert.Equal(DigitsGenerator.DefaultTrainCount / 10, count));
        Assert.All(Seed1.Value.Test.CountPerClass(10), count => Assert.Equal(DigitsGenerator.DefaultTestCount / 10, count));
    }

    [Fact]
    public void NoImageOccursTwiceAndNoneIsEmpty()
    {
        var images = new[] { Seed1.Value.Train, Seed1.Value.Test }
            .SelectMany(part => Enumerable.Range(0, part.Count).Select(i => Convert.ToBase64String(part.Image(i)))).ToArray();
        Assert.Equal(images.Length, images.Distinct().Count());
        Assert.All(Enumerable.Range(0, Seed1.Value.Test.Count), i => Assert.True(Brightest(Seed1.Value.Test.Image(i)) > 80));

        static int Brightest(ReadOnlySpan<byte> image)
        {
            var brightest = 0;
            foreach (var value in image)
                brightest = Math.Max(brightest, value);
            return brightest;
        }
    }

    [Fact]
    public void ImagesDependOnlyOnTheSeed()
    {
        var a = DigitsGenerator.Generate(5, 50, 20);
        var b = DigitsGenerator.Generate(5, 50, 20);
        var c = DigitsGenerator.Generate(6, 50, 20);
        Assert.Equal(a.Train.Pixels, b.Train.Pixels);
        Assert.Equal(a.Test.Pixels, b.Test.Pixels);
        Assert.NotEqual(a.Train.Pixels, c.Train.Pixels);
        Assert.NotEqual(a.Train.Pixels[..a.Test.Pixels.Length], a.Test.Pixels);
        Assert.Throws<ArgumentOutOfRangeException>(() => DigitsGenerator.Generate(1, 0, 10));
    }

    [Fact]
    public void ALinearModelReaches80To95Percent()
    {
        var accuracy = SoftmaxRegression.Accuracy(Seed1.Value, epochs: 10, learningRate: 0.02);
        Assert.InRange(accuracy, 0.80, 0.95);
    }

    [Fact]
    public void SinCosIsAccurate()
    {
        for (var angle = -Math.PI; angle <= Math.PI; angle += 0.01)
        {
            var (sin, cos) = PortableMath.SinCos(angle);
            Assert.Equal(Math.Sin(angle), sin, 1e-9);
            Assert.Equal(Math.Cos(angle), cos, 1e-9);
        }
    }

    [Fact]
    public void SplineWeightsSumToOneAndReproduceALine()
    {
        for (var t = 0.0; t <= 1; t += 0.125)
        {
            var (a, b, c, d) = PortableMath.SplineWeights(t);
            Assert.Equal(1, a + b + c + d, 1e-12);
            Assert.Equal(t, -a + c + (2 * d), 1e-12); // Knots -1, 0, 1, 2: the spline of a line is that line.
        }
    }

    [Fact]
    public void AStrokeIsDrawnAntialiasedWithRoundEnds()
    {
        var canvas = new InkCanvas(9);
        canvas.Draw(new Point(2.5, 4.5), new Point(6.5, 4.5), new Pen(1, 0.8), new Pen(1, 0.8), 1);
        Assert.Equal(0.8, canvas.Ink[(4 * 9) + 4], 1e-12);
        Assert.Equal(0.4, canvas.Ink[(3 * 9) + 4], 1e-12); // One pixel off the line: its edge covers half of the pixel.
        Assert.Equal(0, canvas.Ink[(2 * 9) + 4]);
        Assert.Equal(0.4, canvas.Ink[(4 * 9) + 7], 1e-12); // The round cap.
        Assert.Equal(0, canvas.Ink[4 * 9]);
    }

    [Fact]
    public void AStrokeOutsideTheCanvasDrawsNothing()
    {
        var canvas = new InkCanvas(5);
        canvas.Draw(new Point(-1e12, -3), new Point(1e12, -3), new Pen(1, 1), new Pen(1, 1), 1);
        Assert.All(canvas.Ink.ToArray(), ink => Assert.Equal(0, ink));
    }

    [Theory]
    [InlineData("M 0 0 X 1 1")]
    [InlineData("M 0 0 L one 1")]
    public void AStrokeThatDoesNotParseIsAnError(string description) => Assert.Throws<FormatException>(() => new StrokePath(description));
}
