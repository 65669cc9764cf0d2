using Gpu.Training.Loop;

namespace Gpu.Tests.Loop;

public class ClassScoreTests
{
    [Fact]
    public void PrecisionIsByColumnAndRecallByRow()
    {
        var scores = ClassScore.FromConfusionMatrix(new[,] { { 8, 2, 0 }, { 1, 3, 0 }, { 0, 0, 0 } });
        Assert.Equal(10, scores[0].Samples);
        Assert.Equal(8.0 / 9, scores[0].Precision, 1e-12);
        Assert.Equal(0.8, scores[0].Recall, 1e-12);
        Assert.Equal(2 * (8.0 / 9) * 0.8 / (8.0 / 9 + 0.8), scores[0].F1, 1e-12);
        Assert.Equal(0.6, scores[1].Precision, 1e-12);
        Assert.Equal(0.75, scores[1].Recall, 1e-12);
        Assert.Equal(new ClassScore(0, 0, 0), scores[2]);
        Assert.Equal(0, scores[2].F1);
        Assert.Throws<ArgumentException>(() => ClassScore.FromConfusionMatrix(new int[2, 3]));
    }
}
