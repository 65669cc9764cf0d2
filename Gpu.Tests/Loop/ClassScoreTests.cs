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

    [Fact]
    public void MeansAreThoseOfScikitLearn()
    {
        // balanced_accuracy_score and f1_score(average="macro") of 10, 4 and 0 samples, of which one is predicted as the class without samples.
        var evaluation = Of(new[,] { { 8, 2, 0 }, { 1, 2, 1 }, { 0, 0, 0 } });
        Assert.Equal((0.8 + 0.5) / 2, evaluation.BalancedAccuracy!.Value, 1e-12);
        Assert.Equal(((16.0 / 19) + 0.5 + 0) / 3, evaluation.MacroF1!.Value, 1e-12);

        // A class that has no samples and is never predicted does not count.
        Assert.Equal(((16.0 / 19) + (6.0 / 9)) / 2, Of(new[,] { { 8, 2, 0 }, { 1, 3, 0 }, { 0, 0, 0 } }).MacroF1!.Value, 1e-12);
        Assert.Null(Of(null).MacroF1);

        static Evaluation Of(int[,]? matrix) => new()
        {
            Samples = 14, Loss = 1, Accuracy = 0.7, TopK = 1, TopKAccuracy = 0.7, ConfusionMatrix = matrix, Seconds = 1,
        };
    }
}
