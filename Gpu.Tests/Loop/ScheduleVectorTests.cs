using System.Text.Json;
using Gpu.Training.Loop;

namespace Gpu.Tests.Loop;

// Every factor of every step against PyTorch's schedulers; Vectors/make_schedule_vectors.py computed them.
public class ScheduleVectorTests
{
    private static readonly VectorFile Vectors = JsonSerializer.Deserialize<VectorFile>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "schedule_vectors.json")),
        new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower })!;

    public static TheoryData<int> Cases() => [.. Enumerable.Range(0, Vectors.Cases.Length)];

    public static TheoryData<int> Plateaus() => [.. Enumerable.Range(0, Vectors.Plateaus.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryStepHasPyTorchsRate(int index)
    {
        var vector = Vectors.Cases[index];
        var schedule = LearningRateSchedule.Parse(vector.Schedule);
        for (var step = 0; step < vector.Steps; step++)
            AssertClose(vector.Rates[step], schedule.FactorAt(step, 0, vector.Steps, vector.StepsPerEpoch), $"{vector.Schedule}, step {step}");
    }

    [Fact]
    public void WarmUpFollowedByACosineHasPyTorchsRates()
    {
        var schedule = LearningRateSchedule.Parse("cosine");
        for (var step = 0; step < Vectors.Warmup.Length; step++)
            AssertClose(Vectors.Warmup[step], schedule.FactorAt(step, 5, Vectors.Warmup.Length, 10), $"step {step}");
    }

    [Theory]
    [MemberData(nameof(Plateaus))]
    public void APlateauReducesTheRateWhenPyTorchDoes(int index)
    {
        var vector = Vectors.Plateaus[index];
        var schedule = LearningRateSchedule.Parse(vector.Schedule);
        var state = PlateauState.Initial;
        for (var epoch = 0; epoch < vector.Losses.Length; epoch++)
        {
            state = schedule.Observe(state, vector.Losses[epoch]);
            AssertClose(vector.Factors[epoch], state.Factor, $"{vector.Schedule}, epoch {epoch}");
        }

        Assert.True(state.Factor < 1, "the losses of the vectors must reduce the rate at least once");
    }

    private static void AssertClose(double expected, double actual, string where) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-9 * Math.Max(1e-3, Math.Abs(expected)), $"{where}: {actual}, but PyTorch has {expected}");

    private sealed record VectorFile(CaseVector[] Cases, double[] Warmup, PlateauVector[] Plateaus);

    private sealed record CaseVector(string Schedule, int StepsPerEpoch, int Steps, double[] Rates);

    private sealed record PlateauVector(string Schedule, double[] Losses, double[] Factors);
}
