using Gpu.Training.Data;

namespace Gpu.Tests.Data;

public class ImageDatasetTests
{
    private static readonly string[] Ten = [.. Enumerable.Range(0, 10).Select(i => $"class {i}")];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void StatisticsAreMeanAndStandardDeviationPerChannel(int channels)
    {
        var train = IdxTests.Sample(50, 6, 5, channels);
        var statistics = new ImageDataset("x", Ten, train, train).Statistics;
        for (var c = 0; c < channels; c++)
        {
            var values = train.Pixels.Where((_, i) => i % channels == c).Select(value => value / 255.0).ToArray();
            var mean = values.Average();
            var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            Assert.Equal(mean, statistics.Mean[c], 1e-6);
            Assert.Equal(deviation, statistics.StandardDeviation[c], 1e-6);
        }
    }

    [Fact]
    public void AConstantChannelHasDeviationOne()
    {
        var statistics = ChannelStatistics.Of(new ImageSplit([.. Enumerable.Repeat((byte)51, 12)], [0, 1, 2], 2, 2, 1));
        Assert.Equal(0.2f, statistics.Mean[0]);
        Assert.Equal(1f, statistics.StandardDeviation[0]);
    }

    [Fact]
    public void LimitTakesTheFirstImages()
    {
        var data = new ImageDataset("x", Ten, IdxTests.Sample(20, 2, 2, 1), IdxTests.Sample(8, 2, 2, 1));
        var limited = data.Limit(train: 5, test: 100);
        Assert.Equal((5, 8), (limited.Train.Count, limited.Test.Count));
        Assert.Equal(data.Train.Pixels[..20], limited.Train.Pixels);
        Assert.Equal(data.Train.Labels[..5], limited.Train.Labels);
        Assert.Equal(data.Train.Image(4).ToArray(), limited.Train.Image(4).ToArray());
        Assert.Contains("no images", Assert.Throws<DatasetException>(() => data.Limit(train: 0)).Message);
    }

    [Fact]
    public void ValidationIsASeededShareOfEveryClass()
    {
        var train = IdxTests.Sample(200, 3, 3, 1);
        var data = new ImageDataset("x", Ten, train, IdxTests.Sample(10, 3, 3, 1));
        var divided = data.WithValidation(0.25, seed: 7);
        Assert.Equal((150, 50), (divided.Train.Count, divided.Validation!.Count));
        Assert.All(divided.Validation.CountPerClass(10), count => Assert.Equal(5, count));

        // The two parts together hold every image exactly once.
        var before = Enumerable.Range(0, 200).Select(i => Convert.ToHexString(train.Image(i)));
        var after = Enumerable.Range(0, 150).Select(i => Convert.ToHexString(divided.Train.Image(i)))
            .Concat(Enumerable.Range(0, 50).Select(i => Convert.ToHexString(divided.Validation.Image(i))));
        Assert.Equal(before.Order(), after.Order());

        Assert.Equal(divided.Validation.Pixels, data.WithValidation(0.25, seed: 7).Validation!.Pixels);
        Assert.NotEqual(divided.Validation.Pixels, data.WithValidation(0.25, seed: 8).Validation!.Pixels);
        Assert.Contains("already", Assert.Throws<DatasetException>(() => divided.WithValidation(0.1, 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => data.WithValidation(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.WithValidation(double.NaN, 1));
        Assert.Contains("leaves one part empty", Assert.Throws<DatasetException>(() => data.WithValidation(0.001, 1)).Message);
    }

    [Fact]
    public void PartsWithOtherSizesOrLabelsThrow()
    {
        var four = IdxTests.Sample(10, 4, 4, 1);
        Assert.Contains("5x4x1", Assert.Throws<DatasetException>(() => new ImageDataset("x", Ten, four, IdxTests.Sample(10, 5, 4, 1))).Message);
        Assert.Contains("4x4x3", Assert.Throws<DatasetException>(() => new ImageDataset("x", Ten, four, four, IdxTests.Sample(10, 4, 4, 3))).Message);
        var error = Assert.Throws<DatasetException>(() => new ImageDataset("x", Ten[..9], four, four));
        Assert.Contains("Label 9 of the training part", error.Message);
        Assert.Contains("64 pixel bytes, but 63", Assert.Throws<DatasetException>(() => new ImageSplit(new byte[63], new int[4], 4, 4, 1)).Message);
        Assert.Contains("Label 1 is -1", Assert.Throws<DatasetException>(() => new ImageSplit(new byte[2], [0, -1], 1, 1, 1)).Message);
    }
}
